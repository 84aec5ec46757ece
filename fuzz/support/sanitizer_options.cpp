// SPDX-License-Identifier: BSL-1.0
// How the address sanitizer works inside a fuzz target, which lives on cases per second. ASAN_OPTIONS overrides it.
//   quarantine_size_mb   2 instead of 256: nothing outlives its case, and that holds all that some dozens of cases have
//                        freed; a larger one is always cold: at 16 MB a tenth of the time was cache misses.
//   malloc_context_size  4 instead of 30 frames for where a block came from: a replay with more shows the rest.
// Nothing calls it but the sanitizer; without one it is never called.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "quarantine_size_mb=2:malloc_context_size=4"; }
