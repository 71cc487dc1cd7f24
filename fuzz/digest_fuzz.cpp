// Any bytes as challenge and as credentials: what the client makes of a challenge, the server's parser reads; what nobody signed, no server accepts.
#include "require.hpp"
#include "sip/digest.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace callwright;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  base::ManualClock clock;
  base::DeterministicRandom random(1);
  if (const auto challenge = sip::DigestChallenge::parse(text)) {
    sip::DigestClient client({"bob", "secret"}, random);
    const std::string value = client.authorize(challenge.value(), "INVITE", "sip:a@b");
    const auto answer = sip::DigestResponse::parse(value);
    require(answer.has_value());
    sip::DigestServer server(challenge->realm, clock, random);
    const std::string ha1 = sip::digest_ha1(answer->algorithm, "bob", challenge->realm, "secret");
    require(server.verify(answer.value(), "INVITE", ha1) != sip::DigestServer::Verdict::Accepted);
  }
  if (const auto answer = sip::DigestResponse::parse(text)) {
    sip::DigestServer server("r", clock, random);
    require(server.verify(answer.value(), "INVITE", std::string(32, '0')) != sip::DigestServer::Verdict::Accepted);
  }
  return 0;
}
