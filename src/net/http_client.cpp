#include "net/http_client.hpp"

#include "base/bounded_queue.hpp"
#include "base/socket_address.hpp"

#include <curl/curl.h>

#include <atomic>
#include <fstream>
#include <thread>
#include <unordered_map>
#include <utility>

namespace callwright::net {
namespace {

/// What somebody sends in answer is not wanted; nobody needs more than this to say so.
constexpr std::size_t kMaxAnswerBytes = 256 * 1024;
constexpr std::size_t kMaxHeaders = 200;
constexpr int kPollMs = 60'000;  // New requests and the end wake it.

struct ReleaseEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct ReleaseMulti {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
struct Release {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

/// Before the first use, once in the life of the process.
bool blocking_begin_library() {
  static const bool kReady = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return kReady;
}

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) {
    return {};
  }
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool is_loopback(std::string host) {
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  const auto ip = base::IpAddress::parse(host);
  return host == "localhost" || (ip && ip->is_loopback());
}

struct Transfer {
  std::unique_ptr<CURL, ReleaseEasy> easy;
  std::unique_ptr<curl_slist, Release> headers;
  HttpClient::Request request;
  HttpClient::OnAnswer on_answer;
  std::size_t answered_bytes = 0;
  std::size_t kept_body = 0;
  HttpClient::Answer answer;
  char error[CURL_ERROR_SIZE] = {};

  static std::size_t discard(char* /*data*/, std::size_t /*one*/, std::size_t bytes, void* self) noexcept {
    std::size_t& sum = static_cast<Transfer*>(self)->answered_bytes;
    sum += bytes;
    return sum <= kMaxAnswerBytes ? bytes : 0;
  }

  static std::size_t keep(char* data, std::size_t /*one*/, std::size_t bytes, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.answer.body.size() + bytes > transfer.kept_body) {
      return 0;
    }
    transfer.answer.body.append(data, bytes);
    return bytes;
  }

  /// A status line begins the fields of another response.
  static std::size_t keep_header(char* data, std::size_t /*one*/, std::size_t bytes, void* self) noexcept {
    auto& headers = static_cast<Transfer*>(self)->answer.headers;
    std::string_view line(data, bytes);
    line = line.substr(0, line.find_last_not_of("\r\n") + 1);
    if (line.starts_with("HTTP/")) {
      headers.clear();
    } else if (!line.empty() && headers.size() < kMaxHeaders) {
      headers.emplace_back(line);
    }
    return bytes;
  }
};

}  // namespace

base::Result<HttpUrl> HttpUrl::parse(std::string_view text) {
  const base::Error wrong(base::Errc::InvalidArgument, "expected a URL such as \"https://example.com/calls\"");
  const std::unique_ptr<CURLU, Release> parsed(curl_url());
  if (parsed == nullptr || curl_url_set(parsed.get(), CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK) {
    return wrong;
  }
  const std::string scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  const std::string host = part_of(parsed.get(), CURLUPART_HOST);
  if ((scheme != "http" && scheme != "https") || host.empty()) {
    return wrong;
  }
  const std::string port = part_of(parsed.get(), CURLUPART_PORT);
  return HttpUrl{std::string(text), scheme + "://" + host + (port.empty() ? "" : ":" + port), scheme == "https", is_loopback(host)};
}

class HttpClient::Worker {
 public:
  explicit Worker(Settings settings)
      : settings_(std::move(settings)), multi_(curl_multi_init()), requests_(settings_.capacity, base::Overflow::Refuse), thread_([this] { run(); }) {}
  ~Worker() {
    stopping_ = true;
    curl_multi_wakeup(multi_.get());
    thread_.join();
    for (const auto& [easy, transfer] : under_way_) {
      curl_multi_remove_handle(multi_.get(), easy);
    }
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool post(Request request, OnAnswer on_answer) {
    const bool accepted = requests_.push({std::move(request), std::move(on_answer)}).accepted;
    curl_multi_wakeup(multi_.get());
    return accepted;
  }

 private:
  void run() {
    while (!stopping_) {
      for (auto& [request, on_answer] : requests_.take_all()) {
        begin(std::move(request), std::move(on_answer));
      }
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      collect();
      curl_multi_poll(multi_.get(), nullptr, 0, kPollMs, nullptr);
    }
  }

  void begin(Request request, OnAnswer on_answer) {
    auto transfer = std::make_unique<Transfer>();
    transfer->easy.reset(curl_easy_init());
    transfer->request = std::move(request);
    transfer->on_answer = std::move(on_answer);
    CURL* const easy = transfer->easy.get();
    if (easy == nullptr) {
      transfer->on_answer({0, "out of memory"});
      return;
    }
    for (const std::string& header : transfer->request.headers) {
      transfer->headers.reset(curl_slist_append(transfer->headers.release(), header.c_str()));
    }
    describe(easy, *transfer);
    under_way_.emplace(easy, std::move(transfer));
    curl_multi_add_handle(multi_.get(), easy);
  }

  void describe(CURL* easy, Transfer& transfer) const {
    const Request& request = transfer.request;
    curl_easy_setopt(easy, CURLOPT_URL, request.url.text.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, request.url.secure ? "https" : "http");
    const bool verify = settings_.verification == Settings::Verification::On;
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, settings_.redirects == Settings::Redirects::Followed ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (!settings_.ca_file.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, settings_.ca_file.c_str());
    }
    if (request.url.loopback) {
      curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.timeout.count()));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers.get());
    if (request.method == "POST" || !request.body.empty()) {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
    if (request.method == "HEAD") {
      curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (request.method != "POST") {
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    transfer.kept_body = settings_.kept_body;
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, settings_.kept_body > 0 ? &Transfer::keep : &Transfer::discard);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    if (settings_.kept_body > 0) {
      curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::keep_header);
      curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    }
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.error);
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
    const auto found = under_way_.extract(easy);
    Transfer& transfer = *found.mapped();
    Answer answer = std::move(transfer.answer);
    if (result == CURLE_OK) {
      long status = 0;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      answer.status = static_cast<int>(status);
    } else {
      answer.error = transfer.error[0] != '\0' ? transfer.error : curl_easy_strerror(result);
    }
    transfer.on_answer(answer);
  }

  const Settings settings_;
  const std::unique_ptr<CURLM, ReleaseMulti> multi_;
  base::BoundedQueue<std::pair<Request, OnAnswer>> requests_;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> under_way_;
  std::atomic<bool> stopping_{false};
  std::jthread thread_;
};

HttpClient::HttpClient(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}
HttpClient::~HttpClient() = default;

base::Result<std::unique_ptr<HttpClient>> HttpClient::blocking_create(Settings settings) {
  if (!blocking_begin_library()) {
    return base::Error(base::Errc::Io, "the HTTP library cannot be begun");
  }
  if (!settings.ca_file.empty() && !std::ifstream(settings.ca_file)) {
    return base::Error(base::Errc::NotFound, settings.ca_file + ": cannot be read; check the path and its permissions");
  }
  return std::unique_ptr<HttpClient>(new HttpClient(std::make_unique<Worker>(std::move(settings))));
}

bool HttpClient::post(Request request, OnAnswer on_answer) { return worker_->post(std::move(request), std::move(on_answer)); }

}  // namespace callwright::net
