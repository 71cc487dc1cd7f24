#pragma once

#include "base/web_origin.hpp"
#include "server/web_core.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace callwright::server {

using base::origin_may_connect;
using base::Reach;

using WebTcpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// Serves one accepted TCP connection until it ends or becomes a WebSocket; keeps itself alive. With the server full it answers 503, and a client that speaks
/// no TLS where it is needed is told so.
void serve_http(WebCore& core, WebTcpSocket socket, Reach reach, WebSecurity security);

}  // namespace callwright::server
