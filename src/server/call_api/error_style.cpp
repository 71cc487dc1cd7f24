#include "server/call_api/error_style.hpp"

#include "server/call_api/dialect.hpp"

#include <utility>

namespace callwright::server::call_api {

namespace {

RpcError invalid(std::string message) { return {RpcCode::InvalidRequest, "Invalid request: " + std::move(message)}; }

bool is_null(const Json& value) { return std::holds_alternative<std::nullptr_t>(value.value); }

class JsonRpcErrors final : public ErrorStyle {
 public:
  [[nodiscard]] std::optional<RpcError> refusal(const Json& entry) const override {
    if (entry.object() == nullptr) {
      return invalid("a request is a JSON object");
    }
    if (const Json* version = entry.find_any_case("jsonrpc")) {
      const std::string* text = version->string();
      if (text == nullptr || (*text != "2.0" && *text != "1.0")) {
        return invalid("jsonrpc must be \"2.0\"");
      }
    }
    const Json* method = entry.find_any_case("method");
    if (method == nullptr || method->string() == nullptr) {
      return invalid("method must be a string");
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string answer(std::string_view id, const RpcError& error) const override {
    return error_answer(id, static_cast<int>(error.code), error.message);
  }

  [[nodiscard]] Incomplete incomplete_requests() const override { return Incomplete::Refused; }
};

/// One code for all, and few texts. What the OpenSIPS Call API has no text for is told in this server's words.
class ReferenceErrors final : public ErrorStyle {
 public:
  /// In the order in which its clients know it: parameters come before the method.
  [[nodiscard]] std::optional<RpcError> refusal(const Json& entry) const override {
    const Json* method = entry.find_any_case("method");
    const bool has_other_method = method != nullptr && method->string() == nullptr && !is_null(*method);
    if ((entry.object() == nullptr && !is_null(entry)) || has_other_method) {
      return RpcError{RpcCode::InvalidRequest, ""};
    }
    const Json* params = entry.find_any_case("params");
    if (params == nullptr || params->object() == nullptr) {
      return RpcError{RpcCode::InvalidParams, "non-object parameters are not accepted"};
    }
    const Json* cmd_id = params->find("cmd_id");
    if (cmd_id != nullptr && cmd_id->string() == nullptr) {
      return RpcError{RpcCode::InvalidParams, "bad cmd_id (must be a string)"};
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string answer(std::string_view id, const RpcError& error) const override {
    switch (error.code) {
      case RpcCode::ParseError:
      case RpcCode::InvalidRequest: return error_answer(R"("")", kCode, "failed to parse JSON-RPC request");
      case RpcCode::MethodNotFound: return error_answer(id, kCode, "unknown JSON-RPC method");
      case RpcCode::InvalidParams:
      case RpcCode::Busy:
      case RpcCode::Forbidden: break;
    }
    const bool has_text = error.detail == RpcError::Detail::NoString;
    return error_answer(id, kCode, has_text ? "bad JSON-RPC parameters" : error.message);
  }

  [[nodiscard]] Incomplete incomplete_requests() const override { return Incomplete::Fails; }

 private:
  static constexpr int kCode = 32000;
};

}  // namespace

const ErrorStyle& json_rpc_errors() noexcept {
  static const JsonRpcErrors kStyle;
  return kStyle;
}

const ErrorStyle& reference_errors() noexcept {
  static const ReferenceErrors kStyle;
  return kStyle;
}

const ErrorStyle* find_error_style(std::string_view name) noexcept {
  if (name == "json-rpc") {
    return &json_rpc_errors();
  }
  return name == "reference" ? &reference_errors() : nullptr;
}

}  // namespace callwright::server::call_api
