#include "app/test_pool.hpp"

#include "app/run_file.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <utility>

namespace callwright::app {

struct TestPool::Slot {
  explicit Slot(boost::asio::io_context& io, TestFile of) : file(std::move(of)), limit(io), expected(io) {}

  TestFile file;
  std::shared_ptr<ChildProcess> child;
  boost::asio::steady_timer limit;
  boost::asio::steady_timer expected;
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
  bool timed_out = false;
  bool stopped = false;
  bool hung = false;
};

TestPool::TestPool(boost::asio::io_context& io, std::string program, Limits limits, Handlers handlers)
    : io_(io), program_(std::move(program)), limits_(limits), handlers_(std::move(handlers)), child_signals_(io, SIGCHLD) {}

void TestPool::run(std::vector<TestJob> jobs) {
  std::move(jobs.begin(), jobs.end(), std::back_inserter(waiting_));
  idle_ = false;
  wait_for_children();
  boost::asio::post(io_, [this] { start_next(); });
}

void TestPool::stop() {
  waiting_.clear();
  for (const auto& slot : slots_) {
    slot->stopped = true;
    slot->child->stop();
  }
  idle_when_over();
}

void TestPool::kill() {
  waiting_.clear();
  for (const auto& slot : slots_) {
    slot->stopped = true;
    slot->child->kill();
  }
}

void TestPool::expect_end_within(const TestFile& file, std::optional<std::chrono::milliseconds> time) {
  const auto found = std::find_if(slots_.begin(), slots_.end(), [&](const auto& slot) { return slot->file.path == file.path; });
  if (found == slots_.end()) {
    return;
  }
  (*found)->expected.cancel();
  if (!time) {
    return;
  }
  (*found)->expected.expires_after(*time);
  (*found)->expected.async_wait([weak = std::weak_ptr<Slot>(*found)](const boost::system::error_code& error) {
    const auto owner = weak.lock();
    if (!error && owner) {
      owner->hung = !owner->stopped;
      owner->child->stop();
    }
  });
}

std::vector<std::string> TestPool::running() const {
  std::vector<std::string> names;
  std::transform(slots_.begin(), slots_.end(), std::back_inserter(names), [](const auto& slot) { return slot->file.display; });
  return names;
}

void TestPool::start_next() {
  while (!waiting_.empty() && slots_.size() < limits_.jobs) {
    TestJob job = std::move(waiting_.front());
    waiting_.pop_front();
    start(std::move(job));
  }
  idle_when_over();
}

void TestPool::start(TestJob job) {
  const auto slot = std::make_shared<Slot>(io_, std::move(job.file));
  const std::weak_ptr<Slot> weak = slot;
  handlers_.on_start(slot->file);
  // The child owns these handlers, and the slot the child.
  const auto forward = [weak](const auto& handler) {
    return [weak, &handler](std::string_view line) {
      if (const auto owner = weak.lock()) {
        handler(owner->file, line);
      }
    };
  };
  ChildProcess::Handlers handlers{forward(handlers_.on_line), forward(handlers_.on_log), [this, weak](const ChildEnd& how) {
                                    if (const auto owner = weak.lock()) {
                                      end(owner, how);
                                    }
                                  }};
  const auto child = ChildProcess::start(io_, {program_, {"run-file"}, job.line, "{\"stop\":true}\n", run_file}, std::move(handlers));
  if (!child) {
    FileEnd failed;
    failed.not_started = child.error().message();
    handlers_.on_end(slot->file, failed);
    return;
  }
  slot->child = *child;
  slots_.push_back(slot);
  watch_time(slot);
}

void TestPool::watch_time(const std::shared_ptr<Slot>& slot) {
  slot->limit.expires_after(limits_.file_timeout);
  slot->limit.async_wait([weak = std::weak_ptr<Slot>(slot)](const boost::system::error_code& error) {
    const auto owner = weak.lock();
    if (!error && owner) {
      owner->timed_out = !owner->stopped;
      owner->child->stop();
    }
  });
}

void TestPool::end(const std::shared_ptr<Slot>& slot, const ChildEnd& how) {
  slot->limit.cancel();
  slot->expected.cancel();
  std::erase(slots_, slot);
  const auto took = std::chrono::steady_clock::now() - slot->began;
  handlers_.on_end(slot->file, {how, "", slot->timed_out, slot->stopped, slot->hung, std::chrono::duration_cast<std::chrono::milliseconds>(took)});
  start_next();
}

void TestPool::wait_for_children() {
  if (std::exchange(listening_, true)) {
    return;
  }
  child_signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) {
      return;
    }
    listening_ = false;
    // One that ends takes itself out of the list.
    const auto slots = slots_;
    for (const auto& slot : slots) {
      slot->child->on_child_signal();
    }
    if (!idle_) {
      wait_for_children();
    }
  });
}

void TestPool::idle_when_over() {
  if (!idle_ && waiting_.empty() && slots_.empty()) {
    idle_ = true;
    listening_ = false;
    child_signals_.cancel();
    handlers_.on_idle();
  }
}

}  // namespace callwright::app
