#include "base/utf8.hpp"
#include "sip/stun.hpp"

#include <cstdlib>

/// Any bytes: what is answered is a STUN request, and the answer is a STUN message of bounded size with the same transaction id, which can be read.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)callwright::base::is_utf8(bytes);
  const std::string answer = callwright::sip::answer_stun_keep_alive(bytes, callwright::base::SocketAddress::parse("[2001:db8::1]:5060").value());
  constexpr std::size_t kLargest = 100;
  if (!answer.empty() && (!callwright::sip::is_stun(bytes) || !callwright::sip::read_stun_answer(answer) || answer.substr(4, 16) != bytes.substr(4, 16) ||
                          answer.size() > kLargest)) {
    std::abort();
  }
  (void)callwright::sip::read_stun_answer(bytes);
  return 0;
}
