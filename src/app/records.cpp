#include "app/records.hpp"

#include "app/record_json.hpp"
#include "base/log.hpp"
#include "net/http_client.hpp"
#include "net/webhook.hpp"
#include "store/call_database.hpp"
#include "store/line_file.hpp"
#include "store/write_queue.hpp"

#include <functional>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::app {
namespace {

/// How long the end of the process may wait for the receiver of the webhook.
constexpr base::Duration kLastDeliveries = std::chrono::seconds(5);

net::EngineLoop::Options worker_options() {
  net::EngineLoop::Options options;
  options.name = "records";
  options.slow_iteration = std::chrono::seconds(10);  // It waits for disks.
  return options;
}

}  // namespace

/// Where records go. Worker thread, but for `blocking_open`.
class Records::Writer {
 public:
  explicit Writer(net::EngineLoop& loop) : loop_(loop) {}

  base::Result<void> blocking_open(const RecordsConfig& config) {
    if (!config.file.empty()) {
      auto opened = store::LineFile::blocking_open(config.file);
      if (!opened) {
        return opened.error();
      }
      file_.emplace(std::move(*opened));
      lines_.emplace(loop_.timers(), RecordQueue::Settings{.what = "call records in " + config.file},
                     [this](const std::vector<store::SharedRecord>& records) { return blocking_append(records); });
    }
    if (!config.database.empty()) {
      auto opened = store::CallDatabase::blocking_open(config.database);
      if (!opened) {
        return opened.error();
      }
      database_.emplace(std::move(*opened));
      rows_.emplace(loop_.timers(), RecordQueue::Settings{.what = "call records in " + config.database},
                    [this](const std::vector<store::SharedRecord>& records) { return database_->blocking_insert(records); });
    }
    return config.webhook.empty() ? base::ok() : blocking_open_webhook(config);
  }

  void add(call::CallRecord record) {
    store::StoredRecord made{std::move(record), {}};
    made.json = record_json(made.record);
    const auto stored = std::make_shared<const store::StoredRecord>(std::move(made));
    for (auto* const queue : {&lines_, &rows_}) {
      if (*queue && !(*queue)->add(stored)) {
        base::log::error("A call record is lost", {{"record", stored->record.id}, {"call_id", stored->record.call.call_id}});
      }
    }
    if (webhook_) {
      webhook_->deliver(stored->record.id, stored->json);
    }
  }

  void blocking_reopen() {
    for (auto* const file : {&file_, &dead_letter_file_}) {
      if (!*file) {
        continue;
      }
      if (const auto opened = (*file)->blocking_reopen(); !opened) {
        base::log::error("The file was not opened again; the one before is written on", {{"reason", opened.error().message()}});
      } else {
        base::log::info("file opened again", {{"path", (*file)->path()}});
      }
    }
    blocking_flush();
  }

  /// `done` is called when the webhook has all that it will get.
  void finish(std::function<void()> done) {
    blocking_flush();
    if (webhook_) {
      webhook_->finish(kLastDeliveries, std::move(done));
    } else {
      done();
    }
  }

  /// When the loop is at an end: writes what is left, and tells what cannot be written.
  void blocking_end() {
    blocking_flush();
    report_losses();
  }

 private:
  using RecordQueue = store::WriteQueue<store::SharedRecord>;
  using LetterQueue = store::WriteQueue<std::string>;

  base::Result<void> blocking_open_webhook(const RecordsConfig& config) {
    auto opened = store::LineFile::blocking_open(config.webhook_dead_letters);
    if (!opened) {
      return opened.error();
    }
    dead_letter_file_.emplace(std::move(*opened));
    dead_letters_.emplace(loop_.timers(), LetterQueue::Settings{.what = "dead letters in " + config.webhook_dead_letters},
                          [this](const std::vector<std::string>& letters) {
                            return dead_letter_file_->blocking_append(std::vector<std::string_view>(letters.begin(), letters.end()));
                          });
    const auto url = net::HttpUrl::parse(config.webhook);
    if (!url) {
      return url.error();
    }
    auto client = net::HttpClient::blocking_create({.ca_file = config.webhook_ca_file});
    if (!client) {
      return client.error();
    }
    client_ = std::move(*client);
    net::Webhook::Settings settings;
    settings.url = *url;
    settings.secret = config.webhook_secret;
    settings.user_agent = "Callwright/" CALLWRIGHT_VERSION;
    settings.give_up_after = config.webhook_give_up;
    webhook_.emplace(loop_, *client_, random_, std::move(settings), [this](const net::Webhook::Undelivered& letter) {
      if (!dead_letters_->add(dead_letter_json(letter, loop_.clock().wall_now()))) {
        base::log::error("A dead letter is lost", {{"record", letter.id}});
      }
    });
    return base::ok();
  }

  base::Result<void> blocking_append(const std::vector<store::SharedRecord>& records) {
    std::vector<std::string_view> lines;
    for (const store::SharedRecord& record : records) {
      lines.push_back(record->json);
    }
    return file_->blocking_append(lines);
  }

  void blocking_flush() {
    for (auto* const queue : {&lines_, &rows_}) {
      if (*queue) {
        (*queue)->blocking_flush();
      }
    }
    if (dead_letters_) {
      dead_letters_->blocking_flush();
    }
  }

  void report_losses() const {
    const auto report = [](const auto& queue, std::string_view where) {
      if (queue && queue->waiting() > 0) {
        base::log::error("The process ends, and these could not be written", {{"where", where}, {"lost", queue->waiting()}});
      }
    };
    report(lines_, "records.file");
    report(rows_, "records.database");
    report(dead_letters_, "records.webhook_dead_letters");
  }

  net::EngineLoop& loop_;
  base::SystemRandom random_;
  std::optional<store::LineFile> file_;
  std::optional<store::LineFile> dead_letter_file_;
  std::optional<store::CallDatabase> database_;
  std::optional<RecordQueue> lines_;
  std::optional<RecordQueue> rows_;
  std::optional<LetterQueue> dead_letters_;
  std::unique_ptr<net::HttpClient> client_;
  std::optional<net::Webhook> webhook_;
};

Records::Records(net::EngineLoop& engine, base::Random& random, call::EventSink& next)
    : engine_(engine), random_(random), next_(next), worker_(worker_options()) {}

Records::~Records() { blocking_finish(); }

base::Result<void> Records::blocking_open(const RecordsConfig& config) {
  if (!config.wanted()) {
    return base::ok();
  }
  auto writer = std::make_unique<Writer>(worker_);
  if (const auto opened = writer->blocking_open(config); !opened) {
    return base::Error(opened.error().code, "Call records: " + opened.error().message());
  }
  writer_ = std::move(writer);
  records_ = std::make_unique<call::CallRecords>(engine_.timers(), random_, [this](call::CallRecord record) { pass_on(std::move(record)); });
  worker_.start();
  return base::ok();
}

void Records::on_event(const call::Event& event) {
  if (records_ != nullptr) {
    records_->note(event);
  }
  next_.on_event(event);
}

void Records::pass_on(call::CallRecord record) {
  const auto shared = std::make_shared<call::CallRecord>(std::move(record));
  if (!worker_.post([this, shared] { writer_->add(std::move(*shared)); })) {
    base::log::error("A call record is lost: too many wait for the disk", {{"record", shared->id}, {"call_id", shared->call.call_id}});
  }
}

void Records::reopen() {
  if (writer_ != nullptr) {
    static_cast<void>(worker_.post([this] { writer_->blocking_reopen(); }));
  }
}

void Records::blocking_finish() {
  if (records_ == nullptr) {
    return;
  }
  records_->finish(engine_.clock().wall_now());
  records_.reset();
  std::promise<void> finished;
  if (worker_.post([this, &finished] { writer_->finish([&finished] { finished.set_value(); }); })) {
    finished.get_future().wait();
  }
  worker_.stop();
  worker_.join();
  writer_->blocking_end();
  writer_.reset();
}

}  // namespace callwright::app
