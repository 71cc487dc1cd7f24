# One folder under src/ is one static library `callwright_<folder>`; foo_test.cpp beside foo.cpp joins its unit tests,
# foo_bench.cpp and foo_fuzz.cpp are built by benchmarks/ and fuzz/.
find_package(Threads REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET GLOBAL libxxhash)
pkg_check_modules(srtp2 REQUIRED IMPORTED_TARGET GLOBAL libsrtp2)
if(CALLWRIGHT_BUILD_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

# callwright_module(<folder> [DEPENDS <folders>…] [LIBRARIES <external targets>…] [PUBLIC_LIBRARIES <external targets>…])
# DEPENDS are the folders whose headers this one may include; LIBRARIES stay private to it.
function(callwright_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES;PUBLIC_LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  set(target callwright_${name})
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}/src")
  list(TRANSFORM ARG_DEPENDS PREPEND callwright_)
  target_link_libraries(${target} PUBLIC ${ARG_DEPENDS} ${ARG_PUBLIC_LIBRARIES} PRIVATE ${ARG_LIBRARIES})
  # Every packet and message goes through small functions in several files of these. All folders would gain no more, and take a minute a link.
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND name MATCHES "^(base|sip|sdp|rtp)$")
    set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
  endif()

  if(CALLWRIGHT_BUILD_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${target} ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main)
    gtest_discover_tests(
      ${name}_test
      TEST_PREFIX "${name}/"
      PROPERTIES TIMEOUT ${CALLWRIGHT_TEST_TIMEOUT} LABELS unit
      DISCOVERY_TIMEOUT 30)
  endif()
endfunction()

# The targets of the folders whose headers a source names: what a benchmark or a fuzz target links.
function(callwright_included_modules source result)
  file(STRINGS "${source}" lines REGEX "^#include \"[a-z]+/")
  list(TRANSFORM lines REPLACE "^#include \"([a-z]+)/.*" "callwright_\\1")
  list(REMOVE_DUPLICATES lines)
  set(${result} ${lines} PARENT_SCOPE)
endfunction()
