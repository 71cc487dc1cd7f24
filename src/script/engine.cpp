#include "script/engine.hpp"

#include <JavaScriptCore/JavaScript.h>

#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include <unistd.h>

// Of the library's stable binary interface, but in none of its installed headers.
extern "C" {
using JSShouldTerminateCallback = bool (*)(JSContextRef context, void* data);
// NOLINTBEGIN(readability-identifier-naming): names of the library's.
void JSContextGroupSetExecutionTimeLimit(JSContextGroupRef group, double seconds, JSShouldTerminateCallback callback, void* data);
void JSGlobalContextSetUnhandledRejectionCallback(JSGlobalContextRef context, JSObjectRef function, JSValueRef* exception);
// NOLINTEND(readability-identifier-naming)
}

namespace callwright::script {
namespace {

using base::Errc;
using base::Error;

/// So often the limits of a turn are looked at.
constexpr int kSlices = 20;

/// Bytes; 0 where the system does not tell.
std::size_t memory_in_use() noexcept {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  unsigned long all = 0;
  unsigned long resident = 0;
  const bool read = file != nullptr && std::fscanf(file, "%lu %lu", &all, &resident) == 2;
  if (file != nullptr) {
    std::fclose(file);
  }
  return read ? resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

/// A string of the engine's.
class Text {
 public:
  explicit Text(const std::string& text) : string_(JSStringCreateWithUTF8CString(text.c_str())) {}
  explicit Text(std::string_view text) : Text(std::string(text)) {}
  explicit Text(JSStringRef taken) noexcept : string_(taken) {}
  ~Text() {
    if (string_ != nullptr) {
      JSStringRelease(string_);
    }
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  [[nodiscard]] JSStringRef get() const noexcept { return string_; }
  [[nodiscard]] std::string utf8() const {
    if (string_ == nullptr) {
      return {};
    }
    std::string text(JSStringGetMaximumUTF8CStringSize(string_), '\0');
    text.resize(JSStringGetUTF8CString(string_, text.data(), text.size()) - 1);
    return text;
  }

 private:
  JSStringRef string_;
};

std::string text_of(JSContextRef context, JSValueRef value) { return Text(JSValueToStringCopy(context, value, nullptr)).utf8(); }

std::string property_text(JSContextRef context, JSObjectRef object, const std::string& name) {
  const Text key(name);
  JSValueRef const value = JSObjectGetProperty(context, object, key.get(), nullptr);
  return value == nullptr || JSValueIsUndefined(context, value) ? std::string() : text_of(context, value);
}

JSValueRef error_value(JSContextRef context, const std::string& message) {
  const Text text(message);
  JSValueRef const argument = JSValueMakeString(context, text.get());
  return JSObjectMakeError(context, 1, &argument, nullptr);
}

}  // namespace

class Engine::Context {
 public:
  explicit Context(const Limits& limits);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  void add(const std::string& name, Function function);
  base::Result<void> evaluate(std::string_view source, const std::string& url);
  base::Result<void> call(const std::string& function, std::string_view argument);
  base::Result<void> tell_rejections_to(const std::string& function);

 private:
  [[nodiscard]] JSObjectRef global_function(const std::string& name) const;
  struct Native {
    Context* context = nullptr;
    Function function;
  };

  static bool look_at_limits(JSContextRef context, void* data) noexcept;
  void set_slice() noexcept;
  void begin_turn() noexcept;
  static JSValueRef call_native(JSContextRef context, JSObjectRef function, JSObjectRef self, std::size_t count, const JSValueRef arguments[],
                                JSValueRef* exception) noexcept;
  static JSValueRef compile(JSContextRef context, JSObjectRef function, JSObjectRef self, std::size_t count, const JSValueRef arguments[],
                            JSValueRef* exception) noexcept;
  void set(JSObjectRef object, const std::string& name, JSValueRef value);
  [[nodiscard]] base::Result<void> outcome(JSValueRef exception);

  JSContextGroupRef group_;
  JSGlobalContextRef context_;
  JSClassRef class_ = nullptr;
  JSObjectRef native_ = nullptr;
  std::vector<std::unique_ptr<Native>> functions_;
  const Limits limits_;
  int slices_ = 0;  ///< Of this turn, so far.
  std::optional<Error> over_limit_;
};

Engine::Context::Context(const Limits& limits) : group_(JSContextGroupCreate()), context_(JSGlobalContextCreateInGroup(group_, nullptr)), limits_(limits) {
  JSClassDefinition definition = kJSClassDefinitionEmpty;
  definition.className = "NativeFunction";
  definition.callAsFunction = &Context::call_native;
  class_ = JSClassCreate(&definition);
  native_ = JSObjectMake(context_, nullptr, nullptr);
  set(JSContextGetGlobalObject(context_), "native", native_);
  const Text name(std::string("compile"));
  set(native_, "compile", JSObjectMakeFunctionWithCallback(context_, name.get(), &Context::compile));
  set_slice();
}

Engine::Context::~Context() {
  JSGlobalContextRelease(context_);
  JSClassRelease(class_);
  JSContextGroupRelease(group_);
}

void Engine::Context::set(JSObjectRef object, const std::string& name, JSValueRef value) {
  const Text key(name);
  JSObjectSetProperty(context_, object, key.get(), value, kJSPropertyAttributeNone, nullptr);
}

/// With each slice of a turn; true ends it.
bool Engine::Context::look_at_limits(JSContextRef /*context*/, void* data) noexcept {
  Context& self = *static_cast<Context*>(data);
  if (self.over_limit_) {
    return true;
  }
  if (++self.slices_ >= kSlices) {
    self.over_limit_.emplace(Errc::TimedOut, "The script ran on without a pause; is there an endless loop?");
  } else if (memory_in_use() > self.limits_.memory) {
    self.over_limit_.emplace(Errc::LimitReached, "The script uses more than " + std::to_string(self.limits_.memory >> 20U) + " MiB of memory");
  }
  if (!self.over_limit_) {
    self.set_slice();
  }
  return self.over_limit_.has_value();
}

/// Has to be said again after each.
void Engine::Context::set_slice() noexcept {
  JSContextGroupSetExecutionTimeLimit(group_, std::chrono::duration<double>(limits_.turn / kSlices).count(), &Context::look_at_limits, this);
}

void Engine::Context::begin_turn() noexcept { slices_ = 0; }

void Engine::Context::add(const std::string& name, Function function) {
  auto made = std::make_unique<Native>(Native{this, std::move(function)});
  set(native_, name, JSObjectMake(context_, class_, made.get()));
  functions_.push_back(std::move(made));
}

JSValueRef Engine::Context::call_native(JSContextRef context, JSObjectRef function, JSObjectRef /*self*/, std::size_t count, const JSValueRef arguments[],
                                        JSValueRef* exception) noexcept {
  const auto* const native = static_cast<const Native*>(JSObjectGetPrivate(function));
  try {
    const std::string argument = count > 0 && !JSValueIsUndefined(context, arguments[0]) ? text_of(context, arguments[0]) : std::string();
    const auto result = native->function(argument);
    if (!result) {
      *exception = error_value(context, result.error().message());
      return JSValueMakeUndefined(context);
    }
    if (result->empty()) {
      return JSValueMakeUndefined(context);
    }
    const Text text(*result);
    return JSValueMakeString(context, text.get());
  } catch (const std::exception& error) {
    *exception = error_value(context, error.what());
    return JSValueMakeUndefined(context);
  }
}

JSValueRef Engine::Context::compile(JSContextRef context, JSObjectRef /*function*/, JSObjectRef /*self*/, std::size_t count, const JSValueRef arguments[],
                                    JSValueRef* exception) noexcept {
  if (count < 2) {
    *exception = error_value(context, "compile takes a source and its name");
    return JSValueMakeUndefined(context);
  }
  const Text source(JSValueToStringCopy(context, arguments[0], nullptr));
  const Text url(JSValueToStringCopy(context, arguments[1], nullptr));
  JSValueRef const value = JSEvaluateScript(context, source.get(), nullptr, url.get(), 1, exception);
  return value == nullptr ? JSValueMakeUndefined(context) : value;
}

base::Result<void> Engine::Context::outcome(JSValueRef exception) {
  if (over_limit_) {
    // What is done next would be ended as well; a script that does nothing takes that.
    const Text nothing(std::string("0"));
    JSEvaluateScript(context_, nothing.get(), nullptr, nullptr, 1, nullptr);
    Error error = std::move(*over_limit_);
    over_limit_.reset();
    if (error.code == Errc::LimitReached) {
      JSGarbageCollect(context_);
    }
    return error;
  }
  if (exception == nullptr) {
    return base::ok();
  }
  std::string message = text_of(context_, exception);
  if (JSObjectRef const object = JSValueIsObject(context_, exception) ? JSValueToObject(context_, exception, nullptr) : nullptr) {
    const std::string url = property_text(context_, object, "sourceURL");
    const std::string line = property_text(context_, object, "line");
    if (!url.empty()) {
      message = url + ":" + line + ":" + property_text(context_, object, "column") + ": " + message;
    }
  }
  return Error(Errc::InvalidArgument, std::move(message));
}

base::Result<void> Engine::Context::evaluate(std::string_view source, const std::string& url) {
  begin_turn();
  JSValueRef exception = nullptr;
  const Text text(source);
  const Text name(url);
  JSEvaluateScript(context_, text.get(), nullptr, name.get(), 1, &exception);
  return outcome(exception);
}

/// Null: there is no such function.
JSObjectRef Engine::Context::global_function(const std::string& name) const {
  const Text key(name);
  JSValueRef const value = JSObjectGetProperty(context_, JSContextGetGlobalObject(context_), key.get(), nullptr);
  JSObjectRef const found = value != nullptr && JSValueIsObject(context_, value) ? JSValueToObject(context_, value, nullptr) : nullptr;
  return found != nullptr && JSObjectIsFunction(context_, found) ? found : nullptr;
}

base::Result<void> Engine::Context::tell_rejections_to(const std::string& function) {
  JSObjectRef const handler = global_function(function);
  if (handler == nullptr) {
    return Error(Errc::NotFound, "The script library has no function " + function);
  }
  JSValueRef exception = nullptr;
  JSGlobalContextSetUnhandledRejectionCallback(context_, handler, &exception);
  return outcome(exception);
}

base::Result<void> Engine::Context::call(const std::string& function, std::string_view argument) {
  JSObjectRef const callee = global_function(function);
  if (callee == nullptr) {
    return Error(Errc::NotFound, "The script library has no function " + function);
  }
  begin_turn();
  const Text text(argument);
  JSValueRef const passed = JSValueMakeString(context_, text.get());
  JSValueRef exception = nullptr;
  JSObjectCallAsFunction(context_, callee, nullptr, 1, &passed, &exception);
  return outcome(exception);
}

Engine::Engine(Limits limits) : context_(std::make_unique<Context>(limits)) {}
Engine::~Engine() = default;
void Engine::add_function(const std::string& name, Function function) { context_->add(name, std::move(function)); }
base::Result<void> Engine::evaluate(std::string_view source, const std::string& url) { return context_->evaluate(source, url); }
base::Result<void> Engine::call(const std::string& function, std::string_view argument) { return context_->call(function, argument); }

base::Result<void> Engine::tell_rejections_to(const std::string& function) { return context_->tell_rejections_to(function); }

}  // namespace callwright::script
