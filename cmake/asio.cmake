# Asio compiled once: every target that includes <boost/asio…> links callwright_asio. The definitions hold for all targets, so that one which does not
# link it fails to link instead of bringing a second Asio with another layout.
add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL REQUIRED)
add_library(callwright_asio STATIC "${CMAKE_SOURCE_DIR}/cmake/asio/asio.cpp")
target_link_libraries(callwright_asio PUBLIC Boost::headers OpenSSL::SSL Threads::Threads)
