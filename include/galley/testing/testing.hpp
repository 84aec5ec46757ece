// SPDX-License-Identifier: BSL-1.0
// All of galley::testing but the glue to test frameworks.
#pragma once

#include <galley/testing/explore.hpp>
#include <galley/testing/require.hpp>
#include <galley/testing/sometime.hpp>
