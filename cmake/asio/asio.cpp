// The bodies of Asio's functions, so that no other source file has to compile them.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
