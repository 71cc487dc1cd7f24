#include "net/mail_client.hpp"

#include "base/bounded_queue.hpp"
#include "net/http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <thread>
#include <unordered_map>
#include <utility>

namespace callwright::net {
namespace {

struct ReleaseEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct ReleaseMulti {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
struct ReleaseList {
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

/// One mail on its way.
struct MailClient::Delivery {
  Mail mail;
  OnEnd on_end;
  unsigned attempts = 0;
  std::unique_ptr<CURL, ReleaseEasy> easy;
  std::unique_ptr<curl_slist, ReleaseList> to;
  Source source;
  std::array<char, CURL_ERROR_SIZE> error{};
};

class MailClient::Worker {
 public:
  explicit Worker(Settings settings)
      : settings_(std::move(settings)),
        loopback_(host_of(settings_.url)->loopback),
        multi_(curl_multi_init()),
        mails_(settings_.capacity, base::Overflow::Refuse),
        thread_([this] { run(); }) {}
  ~Worker() {
    stopping_ = true;
    curl_multi_wakeup(multi_.get());
    thread_.join();
    for (const auto& [easy, delivery] : under_way_) {
      curl_multi_remove_handle(multi_.get(), easy);
    }
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool send(Mail mail, OnEnd on_end) {
    const bool accepted = mails_.push({std::move(mail), std::move(on_end)}).accepted;
    curl_multi_wakeup(multi_.get());
    return accepted;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void run() {
    while (!stopping_) {
      for (auto& [mail, on_end] : mails_.take_all()) {
        auto delivery = std::make_unique<Delivery>();
        delivery->mail = std::move(mail);
        delivery->on_end = std::move(on_end);
        due_.emplace(Clock::now(), std::move(delivery));
      }
      while (!due_.empty() && due_.begin()->first <= Clock::now()) {
        begin(std::move(due_.extract(due_.begin()).mapped()));
      }
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      collect();
      curl_multi_poll(multi_.get(), nullptr, 0, pause_ms(), nullptr);
    }
  }

  /// New mails and the end wake it besides.
  int pause_ms() const {
    constexpr std::chrono::milliseconds kLongest{60'000};
    const auto until_due = due_.empty() ? kLongest : std::chrono::ceil<std::chrono::milliseconds>(due_.begin()->first - Clock::now());
    return static_cast<int>(std::clamp(until_due, std::chrono::milliseconds(0), kLongest).count());
  }

  void begin(std::unique_ptr<Delivery> delivery) {
    ++delivery->attempts;
    delivery->easy.reset(curl_easy_init());
    delivery->source.rest = delivery->mail.message;
    delivery->to.reset();
    for (const std::string& address : delivery->mail.to) {
      delivery->to.reset(curl_slist_append(delivery->to.release(), ("<" + address + ">").c_str()));
    }
    CURL* const easy = delivery->easy.get();
    if (easy == nullptr) {
      delivery->on_end("out of memory");
      return;
    }
    describe(easy, *delivery);
    under_way_.emplace(easy, std::move(delivery));
    curl_multi_add_handle(multi_.get(), easy);
  }

  void describe(CURL* easy, Delivery& delivery) const {
    curl_easy_setopt(easy, CURLOPT_URL, settings_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, is_secure(settings_.url) ? "smtps" : "smtp");
    curl_easy_setopt(easy, CURLOPT_USE_SSL, static_cast<long>(loopback_ ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (!settings_.ca_file.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, settings_.ca_file.c_str());
    }
    if (!settings_.user.empty()) {
      curl_easy_setopt(easy, CURLOPT_USERNAME, settings_.user.c_str());
      curl_easy_setopt(easy, CURLOPT_PASSWORD, settings_.password.c_str());
    }
    if (loopback_) {
      curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, ("<" + delivery.mail.from + ">").c_str());
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, delivery.to.get());
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Source::read);
    curl_easy_setopt(easy, CURLOPT_READDATA, &delivery.source);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.timeout.count()));
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, delivery.error.data());
  }

  void collect() {
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg == CURLMSG_DONE) {
        finish(message->easy_handle, message->data.result);
      }
    }
  }

  void finish(CURL* easy, CURLcode result) {
    curl_multi_remove_handle(multi_.get(), easy);
    auto delivery = std::move(under_way_.extract(easy).mapped());
    if (result == CURLE_OK) {
      delivery->on_end("");
    } else if (delivery->attempts >= settings_.attempts) {
      delivery->on_end(delivery->error[0] != '\0' ? delivery->error.data() : curl_easy_strerror(result));
    } else {
      const auto pause = settings_.first_retry * (1U << std::min(delivery->attempts - 1, 20U));
      due_.emplace(Clock::now() + pause, std::move(delivery));
    }
  }

  const Settings settings_;
  const bool loopback_;
  const std::unique_ptr<CURLM, ReleaseMulti> multi_;
  base::BoundedQueue<std::pair<Mail, OnEnd>> mails_;
  std::multimap<Clock::time_point, std::unique_ptr<Delivery>> due_;
  std::unordered_map<CURL*, std::unique_ptr<Delivery>> under_way_;
  std::atomic<bool> stopping_{false};
  std::jthread thread_;
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
