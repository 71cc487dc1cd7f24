# What users run allocates with mimalloc (docs/adr/0008): links it into executables of the release build. Test builds keep the C library's allocator, which
# sanitizers and valgrind know how to watch.
function(callwright_link_allocator target)
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT CALLWRIGHT_SANITIZE)
    find_package(mimalloc REQUIRED)
    # Nothing names it: being loaded is what replaces malloc and operator new.
    target_link_options(${target} PRIVATE -Wl,--no-as-needed)
    target_link_libraries(${target} PRIVATE mimalloc)
  endif()
endfunction()
