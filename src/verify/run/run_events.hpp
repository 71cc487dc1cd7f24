#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The events of a test run (docs/testing/events.md) as values, and what is made of them. Pure: text in, text out.
namespace callwright::verify {

enum class RunEventKind : std::uint8_t {
  RunStarted,
  FileStarted,
  FileFinished,
  RunFinished,
  FileLoaded,
  ScenarioStarted,
  ScenarioFinished,
  ScenarioSkipped,
  SuiteFinished,
  Finished,
  AgentStarted,
  Action,
  Wait,
  Until,
  Assertion,
  Log,
  Http,
  MockRequest,
  MockError,
  Metric,
  State,
  Dtmf,
  Audio,
  Media,
  Sip,
  Problem,  ///< Of `callwright check`.
  Other,    ///< One that this version does not know; it is passed on.
};

/// One line of a child, or of the runner itself.
class RunEvent {
 public:
  /// Nesting beyond which a line is refused.
  static constexpr std::size_t kMaxDepth = 64;

  /// Errors: InvalidArgument, when the line is no JSON object with a text member `event`.
  static base::Result<RunEvent> parse(std::string_view line);
  /// `name` as in the document; `fields` without `event`.
  RunEvent(std::string_view name, base::Json::Object fields);

  [[nodiscard]] RunEventKind kind() const noexcept { return kind_; }
  /// "" when it is absent or no text.
  [[nodiscard]] std::string_view text(std::string_view member) const noexcept;
  [[nodiscard]] std::optional<double> number(std::string_view member) const noexcept;
  /// False when it is absent.
  [[nodiscard]] bool flag(std::string_view member) const noexcept;
  [[nodiscard]] const base::Json* find(std::string_view member) const noexcept { return json_.find(member); }
  /// The test file that it belongs to; "" of an event of the run.
  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  /// Says so: in `path`, or in `file` where the event has a `path` of its own (that of a request).
  void belongs_to(std::string_view file);
  /// Places below this folder (without a slash at its end) are told as seen from it.
  void shorten_places(std::string_view folder);
  /// The whole object on one line, without its end; names sorted.
  [[nodiscard]] std::string line() const;

 private:
  explicit RunEvent(base::Json json);

  void set(std::string_view member, base::Json value);
  [[nodiscard]] bool has_own_path() const noexcept { return kind_ == RunEventKind::MockRequest || kind_ == RunEventKind::MockError; }

  base::Json json_;
  std::string file_;
  RunEventKind kind_ = RunEventKind::Other;
};

/// How one agent was when an assertion failed.
struct AgentReport {
  std::string agent;
  bool registered = false;
  std::string state;
  std::string calls;   ///< As written; "" when absent.
  std::string reason;  ///< "" when absent.
  std::string status;  ///< "" when absent.
};

/// A failed assertion.
struct Failure {
  std::string label;  ///< "" when absent.
  std::string expect;
  std::optional<std::string> actual;
  std::vector<AgentReport> agents;
};

/// A file that a scenario left.
struct Artifact {
  std::string kind;
  std::string path;
  std::string agent;  ///< "" when absent.
};

/// A scenario as the file declares it.
struct DeclaredScenario {
  std::string name;
  std::vector<std::string> tags;
  std::string at;
  bool skip = false;
  std::string skip_reason;
  bool only = false;
};

[[nodiscard]] std::optional<Failure> failure_of(const RunEvent& event);
[[nodiscard]] std::vector<Artifact> artifacts_of(const RunEvent& event);
[[nodiscard]] std::vector<std::string> tags_of(const base::Json& object);
[[nodiscard]] std::vector<DeclaredScenario> scenarios_of(const RunEvent& file_loaded);
/// A member as people read it: text without quotes, a number as it was written, anything else as JSON; "" when absent.
[[nodiscard]] std::string shown(const base::Json* value);

/// `file:line:column`, in parts; what is missing is "".
struct Place {
  std::string file;
  std::string line;
  std::string column;
};
[[nodiscard]] Place parse_place(std::string_view at);

}  // namespace callwright::verify
