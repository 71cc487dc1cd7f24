# Asio compiled once: every target that includes <boost/asio…> links callwright_asio.
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL REQUIRED)
add_library(callwright_asio STATIC "${CMAKE_SOURCE_DIR}/cmake/asio/asio.cpp")
target_compile_definitions(callwright_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(callwright_asio PUBLIC Boost::headers OpenSSL::SSL Threads::Threads)
