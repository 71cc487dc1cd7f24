# Compiler, warnings and sanitizers: the same for every target. CMakePresets.json sets the options.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

option(CALLWRIGHT_BUILD_TESTS "Unit, simulation, interop and end-to-end tests" ON)
option(CALLWRIGHT_BUILD_BENCHMARKS "Benchmarks (scripts/bench)" OFF)
option(CALLWRIGHT_BUILD_FUZZERS "libFuzzer targets (clang only)" OFF)
set(CALLWRIGHT_SANITIZE "" CACHE STRING "Sanitizers for every target, as for -fsanitize= (address,undefined or thread)")

# The guard of one unit test, in seconds: above the guards within the tests, which say what was waited for. Sanitizers make the same work several times slower.
set(CALLWRIGHT_TEST_TIMEOUT 60)
if(CALLWRIGHT_SANITIZE)
  set(CALLWRIGHT_TEST_TIMEOUT 120)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of g++ 12 in inlined standard library code (GCC bugs 105329, 105651, 107852).
  add_compile_options(-Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-maybe-uninitialized -Wno-dangling-pointer)
endif()
# Range checks of the standard library's own, in every build that is not for users.
add_compile_definitions($<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)

if(CALLWRIGHT_SANITIZE)
  add_compile_options(-fsanitize=${CALLWRIGHT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CALLWRIGHT_SANITIZE})
endif()
if(CALLWRIGHT_BUILD_FUZZERS)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "Fuzzers need clang: configure with `cmake --preset fuzz`.")
  endif()
  # Coverage counters in every target; the fuzzing engine itself is linked into the fuzzers alone.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
