#include "app/capture.hpp"

#include <utility>
#include <variant>

namespace callwright::app {

Capture::~Capture() {
  // What is left is passed on by the file's destructor, and the loop runs what it has before it ends.
  file_.reset();
  files_.stop();
  files_.join();
}

base::Result<void> Capture::blocking_open(const std::string& path, net::CaptureFile::SecureTransports secure) {
  auto created = net::CaptureFile::blocking_create(engine_, files_, path, secure);
  if (!created) {
    return created.error();
  }
  file_ = std::move(*created);
  files_.start();
  return base::ok();
}

void Capture::on_event(const call::Event& event) {
  if (const auto* const message = std::get_if<call::SipMessage>(&event.what); message != nullptr && file_ != nullptr) {
    file_->write(event.time, message->direction, message->flow, message->text);
  }
  next_.on_event(event);
}

}  // namespace callwright::app
