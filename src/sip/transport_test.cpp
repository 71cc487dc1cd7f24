#include "sip/transport.hpp"

#include "sip/uri.hpp"

#include <gtest/gtest.h>

namespace callwright::sip {
namespace {

TEST(Transport, is_parsed_as_it_is_named_in_any_case) {
  for (const Transport transport : kTransports) {
    EXPECT_EQ(parse_transport(to_string(transport)), transport);
  }
  EXPECT_EQ(parse_transport("wSs"), Transport::Wss);
  EXPECT_EQ(parse_transport("tls"), Transport::Tls);
  for (const char* const other : {"", "SCTP", "UDP ", "WSSS", "TL"}) {
    EXPECT_EQ(parse_transport(other), std::nullopt) << other;
  }
}

TEST(Transport, of_a_uri_follows_scheme_and_parameter) {
  const auto of = [](std::string_view text) { return transport_of(UriView::parse(text).value()); };
  EXPECT_EQ(of("sip:a@192.0.2.1"), Transport::Udp);
  EXPECT_EQ(of("sip:a@192.0.2.1;transport=UDP"), Transport::Udp);
  EXPECT_EQ(of("sip:a@192.0.2.1;transport=tcp"), Transport::Tcp);
  EXPECT_EQ(of("sip:a@192.0.2.1;lr;transport=TLS"), Transport::Tls);
  EXPECT_EQ(of("sip:a@x.invalid;transport=ws"), Transport::Ws);
  EXPECT_EQ(of("sip:a@x.invalid;transport=wss"), Transport::Wss);
  EXPECT_EQ(of("sips:a@192.0.2.1"), Transport::Tls);
  EXPECT_EQ(of("sips:a@192.0.2.1;transport=tcp"), Transport::Tls);
  EXPECT_EQ(of("sips:a@x.invalid;transport=ws"), Transport::Wss);
  EXPECT_EQ(of("sips:a@192.0.2.1;transport=udp"), std::nullopt);
  EXPECT_EQ(of("sip:a@192.0.2.1;transport=sctp"), std::nullopt);
  EXPECT_EQ(of("sip:a@192.0.2.1;transport"), std::nullopt);
}

TEST(Transport, knows_what_it_is) {
  EXPECT_FALSE(is_reliable(Transport::Udp));
  for (const Transport stream : {Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss}) {
    EXPECT_TRUE(is_reliable(stream));
  }
  EXPECT_TRUE(is_secure(Transport::Tls) && is_secure(Transport::Wss));
  EXPECT_FALSE(is_secure(Transport::Udp) || is_secure(Transport::Tcp) || is_secure(Transport::Ws));
  EXPECT_TRUE(is_websocket(Transport::Ws) && is_websocket(Transport::Wss));
  EXPECT_FALSE(is_websocket(Transport::Tls));
}

TEST(Transport, has_the_uri_parameter_and_port_of_its_rfc) {
  EXPECT_EQ(uri_parameter(Transport::Udp), "");
  EXPECT_EQ(uri_parameter(Transport::Tcp), ";transport=tcp");
  EXPECT_EQ(uri_parameter(Transport::Tls), ";transport=tls");
  EXPECT_EQ(uri_parameter(Transport::Ws), ";transport=ws");
  EXPECT_EQ(uri_parameter(Transport::Wss), ";transport=ws");
  EXPECT_EQ(default_port(Transport::Udp), 5060);
  EXPECT_EQ(default_port(Transport::Tcp), 5060);
  EXPECT_EQ(default_port(Transport::Tls), 5061);
  EXPECT_EQ(default_port(Transport::Ws), 80);
  EXPECT_EQ(default_port(Transport::Wss), 443);
}

}  // namespace
}  // namespace callwright::sip
