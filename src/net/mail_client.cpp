#include "net/mail_client.hpp"

#include "net/http_client.hpp"

#include <curl/curl.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace callwright::net {
namespace {

struct Release {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

/// What is left of a message that goes out.
struct Source {
  std::string_view rest;

  static std::size_t read(char* to, std::size_t one, std::size_t count, void* self) noexcept {
    std::string_view& rest = static_cast<Source*>(self)->rest;
    const std::size_t bytes = std::min(one * count, rest.size());
    std::memcpy(to, rest.data(), bytes);
    rest.remove_prefix(bytes);
    return bytes;
  }
};

bool is_secure(std::string_view url) { return url.starts_with("smtps://"); }

/// The host is what HttpUrl says of the same address.
base::Result<HttpUrl> host_of(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos || (!is_secure(url) && !url.starts_with("smtp://"))) {
    return base::Error(base::Errc::InvalidArgument, "");
  }
  return HttpUrl::parse("http" + std::string(url.substr(scheme_end)));
}

}  // namespace

class MailClient::Worker {
 public:
  explicit Worker(Settings settings) : settings_(std::move(settings)), loopback_(host_of(settings_.url)->loopback), thread_([this] { run(); }) {}
  ~Worker() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool send(Mail mail, OnEnd on_end) {
    {
      const std::scoped_lock lock(mutex_);
      if (waiting_.size() >= settings_.capacity) {
        return false;
      }
      waiting_.emplace_back(std::move(mail), std::move(on_end));
    }
    changed_.notify_all();
    return true;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (waiting_.empty()) {
        changed_.wait(lock);
        continue;
      }
      const auto [mail, on_end] = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      std::string error = blocking_try(mail);
      lock.lock();
      auto pause = settings_.first_retry;
      for (unsigned attempt = 1; !error.empty() && attempt < settings_.attempts && !stopping_; ++attempt, pause *= 2) {
        if (changed_.wait_for(lock, pause, [this] { return stopping_; })) {
          return;
        }
        lock.unlock();
        error = blocking_try(mail);
        lock.lock();
      }
      if (!stopping_) {
        lock.unlock();
        on_end(error);
        lock.lock();
      }
    }
  }

  /// "" when it was taken.
  std::string blocking_try(const Mail& mail) {
    const std::unique_ptr<CURL, Release> easy(curl_easy_init());
    if (easy == nullptr) {
      return "out of memory";
    }
    std::unique_ptr<curl_slist, Release> to;
    for (const std::string& address : mail.to) {
      to.reset(curl_slist_append(to.release(), ("<" + address + ">").c_str()));
    }
    Source source{mail.message};
    char detail[CURL_ERROR_SIZE] = {};
    curl_easy_setopt(easy.get(), CURLOPT_URL, settings_.url.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, is_secure(settings_.url) ? "smtps" : "smtp");
    curl_easy_setopt(easy.get(), CURLOPT_USE_SSL, static_cast<long>(loopback_ ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    curl_easy_setopt(easy.get(), CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (!settings_.ca_file.empty()) {
      curl_easy_setopt(easy.get(), CURLOPT_CAINFO, settings_.ca_file.c_str());
    }
    if (!settings_.user.empty()) {
      curl_easy_setopt(easy.get(), CURLOPT_USERNAME, settings_.user.c_str());
      curl_easy_setopt(easy.get(), CURLOPT_PASSWORD, settings_.password.c_str());
    }
    if (loopback_) {
      curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
    }
    curl_easy_setopt(easy.get(), CURLOPT_MAIL_FROM, ("<" + mail.from + ">").c_str());
    curl_easy_setopt(easy.get(), CURLOPT_MAIL_RCPT, to.get());
    curl_easy_setopt(easy.get(), CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy.get(), CURLOPT_READFUNCTION, &Source::read);
    curl_easy_setopt(easy.get(), CURLOPT_READDATA, &source);
    curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.timeout.count()));
    curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, detail);
    // The end of the client does not wait for a server that hangs.
    curl_easy_setopt(easy.get(), CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy.get(), CURLOPT_XFERINFODATA, this);
    curl_easy_setopt(easy.get(), CURLOPT_XFERINFOFUNCTION, &Worker::is_over);
    const CURLcode result = curl_easy_perform(easy.get());
    return result == CURLE_OK ? "" : detail[0] != '\0' ? detail : curl_easy_strerror(result);
  }

  static int is_over(void* self, curl_off_t /*to_come*/, curl_off_t /*came*/, curl_off_t /*to_go*/, curl_off_t /*went*/) noexcept {
    auto* const worker = static_cast<Worker*>(self);
    const std::scoped_lock lock(worker->mutex_);
    return worker->stopping_ ? 1 : 0;
  }

  const Settings settings_;
  const bool loopback_;
  std::mutex mutex_;  ///< Of the next three.
  std::condition_variable changed_;
  std::deque<std::pair<Mail, OnEnd>> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

MailClient::MailClient(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}
MailClient::~MailClient() = default;

base::Result<void> MailClient::check_url(std::string_view url) {
  if (const auto host = host_of(url); !host) {
    return base::Error(base::Errc::InvalidArgument,
                       "expected the URL of a mail server such as \"smtp://mail.example.com:587\" or \"smtps://mail.example.com\"");
  }
  return base::ok();
}

base::Result<std::unique_ptr<MailClient>> MailClient::create(Settings settings) {
  if (const auto fine = check_url(settings.url); !fine) {
    return fine.error();
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return base::Error(base::Errc::Io, "the mail library cannot be begun");
  }
  return std::unique_ptr<MailClient>(new MailClient(std::make_unique<Worker>(std::move(settings))));
}

bool MailClient::send(Mail mail, OnEnd on_end) { return worker_->send(std::move(mail), std::move(on_end)); }

}  // namespace callwright::net
