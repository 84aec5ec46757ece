// SPDX-License-Identifier: BSL-1.0
setTimeout(() => { process.exitCode = 42; }, 0);
