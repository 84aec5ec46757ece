#!/bin/bash -eu
# SPDX-License-Identifier: BSL-1.0
# The same build for both services.
exec "$SRC/galley/fuzz/oss-fuzz/build.sh"
