#pragma once

#include "base/json.hpp"
#include "call/call_control.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The first leg of CallStart: a dialog between the proxy and the caller's phone, of which the connector writes the requests (t_uac_dlg). Pure text.
namespace callwright::opensips {

/// Who calls whom, and under which Call-ID.
struct CallerLegPlan {
  std::string caller;
  std::string callee;
  std::string call_id;
  std::string proxy;          ///< URI: where the requests go, and where those of the phone come to.
  std::uint64_t session = 0;  ///< RFC 8866 §5.2, of the session descriptions.
  call::CallLook look = {};   ///< Its names, headers and codecs.
};

/// What the phone's 2xx told of the dialog (RFC 3261 §12.1.2).
struct CallerDialog {
  std::string from;  ///< Header values with tags.
  std::string to;
  std::string target;               ///< The phone's Contact.
  std::vector<std::string> routes;  ///< In the order of the Route header.
  std::string sdp;                  ///< Its answer; "" when there was none.
  bool knows_refer = true;          ///< Its Allow names REFER, or there is none.
};

/// What t_uac_dlg answered.
struct InviteAnswer {
  int status = 0;                      ///< 0: it cannot be read.
  std::string text;                    ///< "486 Busy Here"
  std::optional<CallerDialog> dialog;  ///< Of a 2xx, when the proxy passed it on.
};

/// INVITE with a black-hole offer (RFC 3725 §4.2), as parameters of t_uac_dlg. The phone sees the callee as who is calling.
[[nodiscard]] base::Json::Object invite_params(const CallerLegPlan& plan);
/// Takes the whole result; any JSON.
[[nodiscard]] InviteAnswer read_invite_answer(const base::Json& result);
/// BYE, or INVITE with `sdp`, within the dialog.
[[nodiscard]] base::Json::Object in_dialog_params(const CallerLegPlan& plan, const CallerDialog& dialog, std::string_view method, unsigned cseq,
                                                  std::string_view sdp);
/// The session description of a phone as an offer for another: it may send and receive, since nobody is on hold.
[[nodiscard]] std::string as_offer(std::string_view sdp);
/// Another's session description with the origin of our first offer, next version (RFC 3264 §8).
[[nodiscard]] std::string as_next_offer(std::string_view sdp, const CallerLegPlan& plan);
/// The same behind `known`, a session description of which that phone knows the origin already.
[[nodiscard]] std::string as_next_offer(std::string_view sdp, std::string_view known);

/// The state of the first dialog in the result of dlg_list: 1 unconfirmed, 2 early, 3 answered, 4 acknowledged, 5 over.
[[nodiscard]] std::optional<int> dialog_state(const base::Json& listed);
/// The URIs of its caller and its callee; "" when they are not there.
[[nodiscard]] std::pair<std::string, std::string> dialog_parties(const base::Json& listed);
/// What its caller and its callee have last said of their media; "" when the proxy does not know.
[[nodiscard]] std::pair<std::string, std::string> dialog_descriptions(const base::Json& listed);

}  // namespace callwright::opensips
