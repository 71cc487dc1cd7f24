#include "server/call_api/command.hpp"

#include <gtest/gtest.h>

#include <regex>

namespace callwright::server::call_api {
namespace {

class Command : public testing::Test {
 protected:
  std::variant<ParsedCommand, RpcError> parse(const std::string& method, const std::string& params) {
    Request request{.id = "1", .method = method, .params = std::nullopt};
    if (!params.empty()) {
      request.params = parse_json(params, kMaxDepth).value();
    }
    return parse_command(request, random_);
  }

  ParsedCommand accepted(const std::string& method, const std::string& params) {
    auto parsed = parse(method, params);
    if (const auto* error = std::get_if<RpcError>(&parsed)) {
      ADD_FAILURE() << params << ": " << error->message;
      return {};
    }
    return std::get<ParsedCommand>(parsed);
  }

  std::string refused(const std::string& method, const std::string& params) {
    const auto parsed = parse(method, params);
    const auto* error = std::get_if<RpcError>(&parsed);
    if (error == nullptr) {
      return std::holds_alternative<Incomplete>(std::get<ParsedCommand>(parsed).command) ? "incomplete" : "accepted";
    }
    EXPECT_EQ(error->code, RpcCode::InvalidParams);
    return error->message;
  }

  base::DeterministicRandom random_{1};
};

TEST_F(Command, call_start_takes_caller_callee_and_cmd_id_as_call_id) {
  const auto command = accepted("CallStart", R"({"caller":"sip:alice@127.0.0.1","callee":"sips:bob@[::1]:5061;transport=tcp","cmd_id":"c-1@host"})");
  EXPECT_EQ(command.method, "CallStart");
  EXPECT_EQ(command.cmd_id, "c-1@host");
  const auto& start = std::get<call::StartCall>(std::get<call::Command>(command.command));
  EXPECT_EQ(start.caller, "sip:alice@127.0.0.1");
  EXPECT_EQ(start.callee, "sips:bob@[::1]:5061;transport=tcp");
  EXPECT_EQ(start.call_id, "c-1@host");
}

TEST_F(Command, call_end_takes_a_call_id) {
  EXPECT_EQ(std::get<call::EndCall>(std::get<call::Command>(accepted("CallEnd", R"({"callid":"ab.c-1@10.0.0.1"})").command)).call_id, "ab.c-1@10.0.0.1");
}

TEST_F(Command, call_redial_takes_what_call_start_takes_and_a_limit) {
  using std::chrono_literals::operator""s;
  const auto command = accepted("CallRedial", R"({"caller":"sip:a@h","callee":"sip:b@h","cmd_id":"r1"})");
  const auto& redial = std::get<call::RedialCall>(std::get<call::Command>(command.command));
  EXPECT_EQ(redial.call.callee, "sip:b@h");
  EXPECT_EQ(redial.call.call_id, "r1");
  EXPECT_EQ(redial.limit, 3600s);
  EXPECT_EQ(refused("CallRedial", R"({"caller":"sip:a@h","callee":"sip:b@h","limit_s":86401})"), "limit_s must be a whole number from 1 to 86400");
}

TEST_F(Command, call_park_takes_a_party_and_a_slot_that_can_be_called) {
  const auto park = [this](const std::string& params) { return std::get<call::ParkCall>(std::get<call::Command>(accepted("CallPark", params).command)); };
  EXPECT_EQ(park(R"({"callid":"a@h"})").party.side, call::Side::Caller) << "as with CallBridge";
  EXPECT_EQ(park(R"({"callid":"a@h"})").slot, "");
  EXPECT_EQ(park(R"({"callid":"a@h","leg":"callee","slot":"desk-1"})").party.side, call::Side::Callee);
  EXPECT_EQ(park(R"({"callid":"a@h","slot":"desk-1"})").slot, "desk-1");
  EXPECT_EQ(refused("CallPark", R"({"callid":"a@h","slot":"a b"})").substr(0, 19), "slot must be a name");
  EXPECT_EQ(refused("CallPark", R"({"callid":"a@h","leg":"both"})"), "leg must be \"caller\" or \"callee\"");
}

TEST_F(Command, call_pickup_takes_who_waits_and_who_comes) {
  const auto pickup = [this](const std::string& params) { return std::get<call::PickUpCall>(std::get<call::Command>(accepted("CallPickup", params).command)); };
  const call::PickUpCall calls = pickup(R"({"slot":"701","by":"sip:carol@h"})");
  EXPECT_EQ(calls.slot, "701");
  EXPECT_EQ(calls.destination, "sip:carol@h");
  EXPECT_EQ(calls.by.call_id, "");
  const call::PickUpCall brings = pickup(R"({"callid":"a@h","by":"b@h","leg":"callee"})");
  EXPECT_EQ(brings.call_id, "a@h");
  EXPECT_EQ(brings.destination, "");
  EXPECT_EQ(brings.by.call_id, "b@h");
  EXPECT_EQ(brings.by.side, call::Side::Callee);
  EXPECT_EQ(refused("CallPickup", R"({"by":"sip:carol@h"})"), "incomplete") << "either slot or callid";
  EXPECT_EQ(refused("CallPickup", R"({"slot":"701"})"), "incomplete");
  EXPECT_EQ(refused("CallPickup", R"({"slot":"701","by":"sip:carol@h?x=y"})"), "by must be a SIP URI without header fields ('?…')");
}

TEST_F(Command, user_features_set_takes_what_is_to_change) {
  const auto command = accepted("UserFeaturesSet", R"({"user":"bob","forward":{"busy":"carol"},"do_not_disturb":true})");
  const auto& set = std::get<call::SetFeatures>(std::get<call::Command>(command.command));
  EXPECT_EQ(set.user, "bob");
  EXPECT_EQ(set.change.forward->busy, "carol");
  EXPECT_EQ(set.change.do_not_disturb, true);
  EXPECT_FALSE(set.change.find_me);
  EXPECT_FALSE(set.change.incoming);
  EXPECT_EQ(refused("UserFeaturesSet", R"({"user":"bob","forward":{"busy":"<sip:c@h>"}})").substr(0, 24), "forward.busy: expected a");
  EXPECT_EQ(std::get<call::GetFeatures>(std::get<call::Command>(accepted("UserFeatures", R"({"user":"bob"})").command)).user, "bob");
}

TEST_F(Command, blind_transfer_takes_a_leg_and_a_destination) {
  const auto command = accepted("CallBlindTransfer", R"({"callid":"x@h","leg":"callee","destination":"sip:c@h"})");
  const auto& transfer = std::get<call::TransferCall>(std::get<call::Command>(command.command));
  EXPECT_EQ(transfer.party.call_id, "x@h");
  EXPECT_EQ(transfer.party.side, call::Side::Callee);
  EXPECT_EQ(transfer.destination, "sip:c@h");
  EXPECT_FALSE(transfer.joins);
  for (const char* leg : {"", "both", "Caller"}) {
    EXPECT_EQ(refused("CallBlindTransfer", R"({"callid":"x","destination":"sip:c@h","leg":")" + std::string(leg) + "\"}"),
              R"(leg must be "caller" or "callee")");
  }
}

TEST_F(Command, attended_transfer_takes_the_legs_of_two_calls_under_both_names) {
  for (const char* params :
       {R"({"callidA":"x","legA":"caller","callidB":"y","legB":"callee"})", R"({"callid_a":"x","leg_a":"caller","callid_b":"y","leg_b":"callee"})"}) {
    const auto command = accepted("CallAttendedTransfer", params);
    const auto& transfer = std::get<call::TransferCall>(std::get<call::Command>(command.command));
    EXPECT_EQ(transfer.party.call_id, "x");
    EXPECT_EQ(transfer.party.side, call::Side::Caller);
    ASSERT_TRUE(transfer.joins);
    EXPECT_EQ(transfer.joins->call_id, "y");
    EXPECT_EQ(transfer.joins->side, call::Side::Callee);
    EXPECT_EQ(transfer.destination, "");
  }
  const auto command = accepted("CallAttendedTransfer", R"({"callidA":"x","legA":"caller","callidB":"y","legB":"callee","destination":"sip:c@h"})");
  EXPECT_EQ(std::get<call::TransferCall>(std::get<call::Command>(command.command)).destination, "sip:c@h");
}

TEST_F(Command, hold_takes_one_leg_or_both) {
  const auto hold = [this](const std::string& method, const std::string& params) {
    return std::get<call::HoldCall>(std::get<call::Command>(accepted(method, params).command));
  };
  EXPECT_EQ(hold("CallHold", R"({"callid":"x@h"})").call_id, "x@h");
  EXPECT_EQ(hold("CallHold", R"({"callid":"x@h"})").change, call::HoldCall::Change::Hold);
  EXPECT_FALSE(hold("CallHold", R"({"callid":"x@h"})").party);
  EXPECT_FALSE(hold("CallUnhold", R"({"callid":"x@h","leg":"both"})").party);
  EXPECT_EQ(hold("CallUnHold", R"({"callid":"x@h","leg":"callee"})").party, call::Side::Callee);
  EXPECT_EQ(hold("CallUnhold", R"({"callid":"x@h","leg":"caller"})").change, call::HoldCall::Change::Unhold);
  EXPECT_EQ(refused("CallHold", R"({"callid":"x@h","leg":"me"})"), R"(leg must be "caller", "callee" or "both")");
}

TEST_F(Command, subscribe_takes_filters_and_a_position) {
  const auto all = std::get<Subscribe>(accepted("Subscribe", "{}").command);
  EXPECT_EQ(all.filter.what, FeedFilter::What::Everything);
  EXPECT_FALSE(all.position);
  const auto some = std::get<Subscribe>(accepted("Subscribe", R"({"what":"registrations","callid":"a@h","user":"bob","after":7,"feed":"x"})").command);
  EXPECT_EQ(some.filter.what, FeedFilter::What::Registrations);
  EXPECT_EQ(some.filter.call_id, "a@h");
  EXPECT_EQ(some.filter.user, "bob");
  ASSERT_TRUE(some.position);
  EXPECT_EQ(some.position->seq, 7U);
  EXPECT_EQ(some.position->feed, "x");
  EXPECT_EQ(std::get<Subscribe>(accepted("Subscribe", R"({"after":"12"})").command).position->seq, 12U);
  for (const char* const bad : {"-1", "1.5", "\"x\"", "null", "99999999999999999999"}) {
    EXPECT_EQ(refused("Subscribe", R"({"after":)" + std::string(bad) + "}"), "after must be a whole number from 0 to 9223372036854775807") << bad;
  }
  EXPECT_EQ(refused("Subscribe", R"({"what":"calles"})"), R"(what must be "calls" or "registrations"; leave it out for both)");
}

TEST_F(Command, call_list_takes_a_limit_and_whether_ended_calls_count) {
  EXPECT_FALSE(std::get<ListCalls>(accepted("CallList", "{}").command).ended);
  EXPECT_TRUE(std::get<ListCalls>(accepted("CallList", R"({"ended":true})").command).ended);
  EXPECT_TRUE(std::get<ListCalls>(accepted("CallList", R"({"ended":"true"})").command).ended);
  EXPECT_EQ(refused("CallList", R"({"ended":1})"), "ended must be true or false");
  EXPECT_EQ(refused("CallList", R"({"limit":10001})"), "limit must be a whole number from 1 to 10000");
}

TEST_F(Command, chooses_a_uuid_when_there_is_no_cmd_id) {
  const std::regex uuid4("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  const auto first = accepted("Echo", "{}").cmd_id;
  const auto second = accepted("Echo", R"({"cmd_id":""})").cmd_id;
  EXPECT_TRUE(std::regex_match(first, uuid4)) << first;
  EXPECT_TRUE(std::regex_match(second, uuid4)) << second;
  EXPECT_NE(first, second);
}

TEST_F(Command, takes_the_scope_of_its_method) {
  const auto answer = [this](const char* method, Scopes scopes) {
    const auto parsed = parse_command({.id = "1", .method = method, .params = std::nullopt}, random_, scopes);
    return std::get<RpcError>(parsed);
  };
  const Scopes read = Scopes().with(Scope::CallRead);
  for (const char* method :
       {"CallStart", "CallBlindTransfer", "CallAttendedTransfer", "CallHold", "CallUnhold", "CallUnHold", "CallEnd", "CallRedial", "CommandCancel"}) {
    EXPECT_EQ(answer(method, read), (RpcError{RpcCode::Forbidden, "forbidden: this token lacks call:control"})) << method;
    EXPECT_EQ(answer(method, Scopes().with(Scope::CallControl)).code, RpcCode::InvalidParams) << method;
    EXPECT_EQ(answer(method, Scopes::all()).code, RpcCode::InvalidParams) << method;
  }
  for (const char* method : {"CallList", "CallInfo", "RegistrationList", "UserFeatures", "Subscribe", "Unsubscribe", "Echo"}) {
    EXPECT_EQ(answer(method, read).code, RpcCode::InvalidParams) << method;
    EXPECT_EQ(answer(method, Scopes()), (RpcError{RpcCode::Forbidden, "forbidden: this token lacks call:read"})) << method;
  }
  for (const Scopes scopes : {read, Scopes().with(Scope::CallControl)}) {
    EXPECT_EQ(answer("UserFeaturesSet", scopes), (RpcError{RpcCode::Forbidden, "forbidden: this token lacks admin"}));
  }
  EXPECT_EQ(answer("UserFeaturesSet", Scopes::all()).code, RpcCode::InvalidParams);
  EXPECT_EQ(answer("Nope", read).code, RpcCode::MethodNotFound);
}

TEST_F(Command, ignores_parameters_that_it_does_not_know) { accepted("CallEnd", R"({"callid":"x","leg":5,"more":{"a":[]}})"); }

TEST_F(Command, names_the_first_missing_parameter) {
  const auto missing = [this](const std::string& method, const std::string& params) {
    const ParsedCommand command = accepted(method, params);
    EXPECT_EQ(command.cmd_id, "c1");
    return std::get<Incomplete>(command.command).problem;
  };
  EXPECT_EQ(missing("CallStart", R"({"cmd_id":"c1"})"), "caller not specified");
  EXPECT_EQ(missing("CallStart", R"({"cmd_id":"c1","callee":"sip:b@h"})"), "caller not specified");
  EXPECT_EQ(missing("CallStart", R"({"cmd_id":"c1","caller":"sip:a@h"})"), "callee not specified");
  EXPECT_EQ(missing("CallEnd", R"({"cmd_id":"c1"})"), "callid not specified");
  EXPECT_EQ(missing("CallHold", R"({"cmd_id":"c1","leg":"both"})"), "callid not specified");
  EXPECT_EQ(missing("CallBlindTransfer", R"({"cmd_id":"c1","destination":"sip:c@h"})"), "callid not specified");
  EXPECT_EQ(missing("CallBlindTransfer", R"({"cmd_id":"c1","callid":"x","destination":"sip:c@h"})"), "leg not specified");
  EXPECT_EQ(missing("CallBlindTransfer", R"({"cmd_id":"c1","callid":"x","leg":"caller"})"), "destination not specified");
  EXPECT_EQ(missing("CallAttendedTransfer", R"({"cmd_id":"c1","callidA":"x","legA":"caller","callid_b":"y"})"), "legB not specified");
}

TEST_F(Command, names_a_parameter_that_is_no_string) {
  EXPECT_EQ(refused("CallStart", R"({"caller":5,"callee":"sip:b@h"})"), "caller must be a string");
  EXPECT_EQ(refused("CallStart", R"({"caller":"sip:a@h","callee":null})"), "callee must be a string");
  EXPECT_EQ(refused("CallEnd", R"({"callid":{}})"), "callid must be a string");
  EXPECT_EQ(refused("Echo", R"({"cmd_id":5})"), "cmd_id must be a string");
}

TEST_F(Command, refuses_params_that_are_no_object) {
  for (const char* params : {"", "null", "[]", "[\"sip:a@h\"]", "\"x\"", "1"}) {
    EXPECT_EQ(refused("Echo", params), "params must be an object") << params;
  }
}

TEST_F(Command, refuses_what_could_end_a_sip_header_or_uri) {
  for (const char* bad : {"\\r\\nX-Evil: yes", "\\n", "\\u0000", "\\u007f", "<", ">", "\\t"}) {
    const std::string evil = bad;
    EXPECT_TRUE(refused("CallStart", R"({"caller":"sip:a)" + evil + R"(@h","callee":"sip:b@h"})").starts_with("caller must be ")) << bad;
    EXPECT_TRUE(refused("CallStart", R"({"caller":"sip:a@h","callee":"sip:b@h)" + evil + R"("})").starts_with("callee must be ")) << bad;
    EXPECT_TRUE(refused("CallStart", R"({"caller":"sip:a@h","callee":"sip:b@h","cmd_id":"x)" + evil + R"("})").starts_with("cmd_id must ")) << bad;
    EXPECT_TRUE(refused("CallEnd", R"({"callid":"x)" + evil + R"("})").starts_with("callid must be ")) << bad;
    EXPECT_TRUE(refused("Echo", R"({"cmd_id":"x)" + evil + R"("})").starts_with("cmd_id must ")) << bad;
  }
}

TEST_F(Command, refuses_what_is_no_sip_uri) {
  for (const char* bad :
       {"", "alice", "alice@host", "tel:+4930123", "http://host/", "sip:", "sip:@", "sip:a b@h", "sip:a@", "sip:a@h:99999", "sip:b@h?Replaces=x"}) {
    EXPECT_TRUE(refused("CallStart", R"({"callee":"sip:b@h","caller":")" + std::string(bad) + "\"}").starts_with("caller must be ")) << bad;
  }
  EXPECT_TRUE(refused("CallStart", R"({"callee":"sip:b@h","caller":"sip:)" + std::string(kMaxUri, 'a') + "@h\"}").starts_with("caller must not be longer"));
}

TEST_F(Command, refuses_a_cmd_id_that_is_no_call_id_for_call_start_only) {
  EXPECT_TRUE(refused("CallStart", R"({"caller":"sip:a@h","callee":"sip:b@h","cmd_id":"my id"})").starts_with("cmd_id must be a Call-ID"));
  EXPECT_TRUE(refused("CallStart", R"({"caller":"sip:a@h","callee":"sip:b@h","cmd_id":"a@b@c"})").starts_with("cmd_id must be a Call-ID"));
  EXPECT_EQ(accepted("Echo", R"({"cmd_id":"my id"})").cmd_id, "my id");
}

TEST_F(Command, limits_the_length_of_cmd_id_and_callid) {
  EXPECT_EQ(accepted("Echo", R"({"cmd_id":")" + std::string(kMaxCmdId, 'x') + "\"}").cmd_id.size(), kMaxCmdId);
  EXPECT_TRUE(refused("Echo", R"({"cmd_id":")" + std::string(kMaxCmdId + 1, 'x') + "\"}").starts_with("cmd_id must have 256"));
  EXPECT_TRUE(refused("CallEnd", R"({"callid":")" + std::string(kMaxCmdId + 1, 'x') + "\"}").starts_with("callid must be"));
}

TEST_F(Command, knows_no_other_methods) {
  for (const char* method :
       {"", "echo", "callstart", "Run", "RunSync", "Wait", "Notify", "NotifyError", "NotifyNewError", "NotifyEvent", "NotifyEnd", "Test"}) {
    const auto parsed = parse(method, "{}");
    ASSERT_TRUE(std::holds_alternative<RpcError>(parsed)) << method;
    EXPECT_EQ(std::get<RpcError>(parsed).code, RpcCode::MethodNotFound) << method;
  }
}

}  // namespace
}  // namespace callwright::server::call_api
