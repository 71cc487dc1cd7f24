#include "call/info_key_sender.hpp"

#include <fmt/core.h>

namespace callwright::call {

InfoKeySender::InfoKeySender(sip::InviteSession& session, base::Timers& timers)
    : session_(session), time_(timers, base::Callback::to<&InfoKeySender::on_time>(*this)) {}

base::Result<void> InfoKeySender::press(std::string_view keys, const media::KeyTiming& timing) {
  if (auto checked = media::check_keys(keys, timing); !checked) {
    return checked;
  }
  if (waiting_.size() + keys.size() > kMaxWaiting) {
    return base::Error(base::Errc::LimitReached, fmt::format("More than {} keys would wait to be pressed; wait until some were", kMaxWaiting));
  }
  waiting_ += keys;
  timing_ = timing;
  return pressing_ ? base::ok() : send();
}

base::Result<void> InfoKeySender::send() {
  auto sent = session_.send_content(sip::Method::Info, type_, write_info_key(type_, {waiting_.front(), timing_.press}));
  pressing_ = static_cast<bool>(sent);
  answered_ = passed_ = false;
  if (pressing_) {
    time_.start(timing_.press + timing_.gap);
  } else {
    waiting_.clear();
  }
  return sent;
}

base::Result<void> InfoKeySender::on_result(int status) {
  if (!pressing_) {
    return base::ok();
  }
  if (status == 415 && type_ == kDtmfRelay) {
    type_ = kDtmf;
    return send();
  }
  if (status >= 300) {
    time_.cancel();
    waiting_.clear();
    pressing_ = false;
    return base::Error(base::Errc::Refused, fmt::format("The other side refused a key by INFO with {}; press keys another way", status));
  }
  answered_ = true;
  go_on();
  return base::ok();
}

void InfoKeySender::on_time() {
  passed_ = true;
  go_on();
}

void InfoKeySender::go_on() {
  if (!answered_ || !passed_) {
    return;
  }
  waiting_.erase(0, 1);
  pressing_ = false;
  if (!waiting_.empty()) {
    static_cast<void>(send());  // It fails once the call is over, which is told then.
  }
}

}  // namespace callwright::call
