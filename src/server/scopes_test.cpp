#include "server/scopes.hpp"

#include <gtest/gtest.h>

namespace callwright::server {
namespace {

TEST(Scopes, imply_lesser_ones) {
  const Scopes read = Scopes().with(Scope::CallRead);
  EXPECT_TRUE(read.allow(Scope::CallRead));
  EXPECT_FALSE(read.allow(Scope::CallControl));
  EXPECT_FALSE(read.allow(Scope::Admin));
  const Scopes control = Scopes().with(Scope::CallControl);
  EXPECT_TRUE(control.allow(Scope::CallRead));
  EXPECT_TRUE(control.allow(Scope::CallControl));
  EXPECT_FALSE(control.allow(Scope::Admin));
  for (const Scope scope : {Scope::CallRead, Scope::CallControl, Scope::Admin}) {
    EXPECT_TRUE(Scopes::all().allow(scope)) << to_string(scope);
    EXPECT_FALSE(Scopes().allow(scope)) << to_string(scope);
  }
}

TEST(Scopes, are_read_and_written_as_a_list_of_names) {
  EXPECT_EQ(Scopes::parse("call:read"), Scopes().with(Scope::CallRead));
  EXPECT_EQ(Scopes::parse("admin,call:control,admin"), Scopes().with(Scope::CallControl).with(Scope::Admin));
  EXPECT_EQ(Scopes::parse("admin,call:read")->to_string(), "call:read,admin");
  for (const char* wrong : {"", "call", "Admin", "admin,", ",admin", "admin, call:read", "call:read,call:write"}) {
    EXPECT_FALSE(Scopes::parse(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace callwright::server
