#include "net/engine_loop.hpp"

#include "base/log.hpp"
#include "net/datagrams.hpp"

#include <boost/asio/post.hpp>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

namespace callwright::net {
namespace {

constexpr std::size_t kMaxThreadName = 15;
constexpr base::Duration kTurnOfTasks = std::chrono::milliseconds(1);  ///< Of posted work in one iteration.

/// Of Linux: for the calling thread alone, and not for what it may start.
void hurry() {
  constexpr int kNice = -10;
  sched_param lowest{};
  lowest.sched_priority = sched_get_priority_min(SCHED_RR);
  // On a single processor, or with leave to use but one of them, signalling would get nothing but what the kernel keeps back from real time.
  cpu_set_t allowed;
  const bool has_others = sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 1;
  if (!has_others || sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest) != 0) {
    (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  }
}

/// A bug in one handler must not take the other calls with it.
template <class Function>
void guarded(const std::string& loop, Function function) {
  try {
    function();
  } catch (const std::exception& exception) {
    base::log::error("A handler failed by an exception; its work is lost, please report this", {{"loop", loop}, {"what", exception.what()}});
  }
}

}  // namespace

EngineLoop::BatchEnd::~BatchEnd() {
  if (requested_) {
    // The loop may be walking a list, so the entry is blanked and not erased.
    for (auto* list : {&loop_.batch_ends_, &loop_.ending_}) {
      std::replace(list->begin(), list->end(), this, static_cast<BatchEnd*>(nullptr));
    }
  }
}

void EngineLoop::BatchEnd::request() {
  if (!requested_) {
    requested_ = true;
    loop_.batch_ends_.push_back(this);
  }
}

EngineLoop::EngineLoop() : EngineLoop(Options{}) {}

EngineLoop::EngineLoop(Options options)
    : options_(std::move(options)), timers_(clock_), context_(1), work_(context_.get_executor()), posted_(options_.queue_capacity, base::Overflow::Refuse) {}

EngineLoop::~EngineLoop() {
  stop();
  join();
}

Datagrams& EngineLoop::datagrams() {
  if (datagrams_ == nullptr) {
    datagrams_ = std::make_unique<Datagrams>();
  }
  return *datagrams_;
}

bool EngineLoop::post(Task task) {
  if (stopped_.load(std::memory_order_acquire)) {
    return false;
  }
  const auto pushed = posted_.push(std::move(task));
  if (pushed.accepted && pushed.was_empty) {
    // Each iteration looks into the queue, so an empty handler is enough to wake the loop.
    boost::asio::post(context_, [] {});
  }
  return pushed.accepted;
}

void EngineLoop::run() {
  while (!stopped_.load(std::memory_order_acquire)) {
    iterate(base::TimePoint::max());
  }
  run_posted(base::TimePoint::max());  // What the last iteration left,
  run_posted(base::TimePoint::max());  // and what has come since.
  run_batch_ends();
}

void EngineLoop::start() {
  thread_ = std::jthread([this] {
    pthread_setname_np(pthread_self(), options_.name.substr(0, kMaxThreadName).c_str());
    if (options_.urgent) {
      hurry();
    }
    run();
  });
}

void EngineLoop::stop() {
  stopped_.store(true, std::memory_order_release);
  boost::asio::post(context_, [] {});
}

void EngineLoop::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

bool EngineLoop::run_until(const std::function<bool()>& done, base::Duration limit) {
  const base::TimePoint latest = clock_.now() + limit;
  while (!done()) {
    if (clock_.now() >= latest) {
      return false;
    }
    iterate(latest);
  }
  return true;
}

void EngineLoop::handler_started() noexcept {
  if (work_started_ == base::TimePoint{}) {
    work_started_ = clock_.now();
  }
}

void EngineLoop::iterate(base::TimePoint latest) {
  guarded(options_.name, [this, latest] { run_handlers(latest); });
  handler_started();
  run_posted(clock_.now() + kTurnOfTasks);
  guarded(options_.name, [this] { timers_.advance(); });
  run_batch_ends();
  watch_iteration();
}

void EngineLoop::run_handlers(base::TimePoint latest) {
  const auto wakeup = timers_.next_wakeup();
  const base::TimePoint deadline = wakeup ? std::min(std::max(*wakeup, timers_held_until_), latest) : latest;
  work_started_ = {};
  // One handler an iteration: asking for more would cost a system call each time, and a UDP handler takes a whole batch anyway.
  if (!batch_ends_.empty()) {
    context_.poll_one();
  } else if (deadline == base::TimePoint::max()) {
    context_.run_one();
  } else {
    context_.run_one_until(deadline);
  }
}

void EngineLoop::run_posted(base::TimePoint until) {
  if (running_.empty()) {
    posted_.take_all(running_);
  }
  while (!running_.empty()) {
    const Task task = std::move(running_.front());
    running_.pop_front();
    guarded(options_.name, task);
    if (!running_.empty() && clock_.now() >= until) {
      boost::asio::post(context_, [] {});
      return;
    }
  }
}

void EngineLoop::run_batch_ends() {
  // What is requested meanwhile waits for the next iteration, which then does not sleep.
  batch_ends_.swap(ending_);
  for (std::size_t index = 0; index < ending_.size(); ++index) {
    BatchEnd* const end = ending_[index];
    if (end == nullptr) {
      continue;
    }
    ending_[index] = nullptr;
    end->requested_ = false;
    guarded(options_.name, end->callback_);
  }
  ending_.clear();
}

void EngineLoop::watch_iteration() {
  const base::TimePoint now = clock_.now();
  const base::Duration worked = now - work_started_;
  if (worked < options_.slow_iteration) {
    return;
  }
  ++slow_iterations_;
  if (last_slow_log_ != base::TimePoint{} && now - last_slow_log_ < options_.slow_log_interval) {
    return;
  }
  last_slow_log_ = now;
  base::log::warn(
      "An event loop was busy for too long; calls on it were late",
      {{"loop", options_.name}, {"busy_ms", std::chrono::duration_cast<std::chrono::milliseconds>(worked).count()}, {"times_so_far", slow_iterations_}});
}

}  // namespace callwright::net
