#include "sip/message.hpp"
#include "sip/writer.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

namespace {

using callwright::sip::Header;
using callwright::sip::Message;
using callwright::sip::Writer;

/// What a desk phone sends without its session description: 500 bytes and 12 header fields.
constexpr std::string_view kInvite =
    "INVITE sip:bob@exchange.example.com SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.17:5060;branch=z9hG4bK-d8754z-4f2c9b1a;rport\r\n"
    "Max-Forwards: 70\r\n"
    "From: \"Alice\" <sip:alice@exchange.example.com>;tag=1928301774\r\n"
    "To: <sip:bob@exchange.example.com>\r\n"
    "Call-ID: a84b4c76e66710f3@192.0.2.17\r\n"
    "CSeq: 314159 INVITE\r\n"
    "Contact: <sip:alice@192.0.2.17:5060>\r\n"
    "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REFER, NOTIFY\r\n"
    "Supported: replaces, timer\r\n"
    "User-Agent: Desk Phone 1.0 (build 2210)\r\n"
    "Accept: application/sdp\r\n"
    "Content-Length: 0\r\n"
    "\r\n";

/// The same behind proxies and a border controller: about 1000 bytes, 30 header fields.
std::string long_invite() {
  std::string text(kInvite.substr(0, kInvite.size() - 2));
  for (int i = 0; i < 3; ++i) {
    const std::string host = "proxy" + std::to_string(i) + ".example.com";
    text += "Via: SIP/2.0/UDP " + host + ";branch=z9hG4bK" + std::to_string(i) + "\r\nRecord-Route: <sip:" + host + ";lr>\r\n";
  }
  for (int i = 0; i < 12; ++i)
    text += "X-Note-" + std::to_string(i) + ": value " + std::to_string(i) + "\r\n";
  return text += "\r\n";
}

void parse(benchmark::State& state, std::string_view text) {
  Message message;
  for (auto _ : state) {
    if (!message.parse(text)) state.SkipWithError("the message was refused");
    benchmark::DoNotOptimize(message.cseq().number);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(text.size()));
  state.counters["bytes"] = static_cast<double>(text.size());
  state.counters["fields"] = static_cast<double>(message.headers().size());
}

void parse_invite(benchmark::State& state) { parse(state, kInvite); }
BENCHMARK(parse_invite);

void parse_long_invite(benchmark::State& state) {
  const std::string text = long_invite();
  parse(state, text);
}
BENCHMARK(parse_long_invite);

void parse_folded_invite(benchmark::State& state) {
  std::string text(kInvite);
  text.insert(text.find("Supported"), "Subject: one\r\n two\r\n");
  parse(state, text);
}
BENCHMARK(parse_folded_invite);

void write_ok(benchmark::State& state) {
  Message request;
  if (!request.parse(kInvite)) state.SkipWithError("the message was refused");
  std::string out;
  for (auto _ : state) {
    out.clear();
    Writer writer(out);
    writer.response(200).header(Header::Via, *request.header(Header::Via)).header(Header::From, *request.header(Header::From));
    writer.header(Header::To, *request.header(Header::To)).header(Header::CallId, request.call_id()).cseq(request.cseq().number, request.method_text());
    writer.header(Header::Contact, "<sip:bob@192.0.2.18:5060>").end();
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(write_ok);

}  // namespace
