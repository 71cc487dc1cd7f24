#include "media/codec_names.hpp"

#include <gmock/gmock.h>

namespace callwright::media {
namespace {

using sdp::Codec;
using sdp::PayloadType;
using testing::ElementsAre;
using testing::HasSubstr;

base::Result<std::vector<Codec>> named(std::vector<std::string> names) { return codecs_by_name(names); }

TEST(CodecNames, give_the_codecs_in_their_order) {
  const auto codecs = named({"OPUS", "g722", "L16", "L16/48000", "PCMA", "CN"});
  ASSERT_TRUE(codecs) << codecs.error().detail;
  EXPECT_THAT(*codecs, ElementsAre(Codec{"opus", 48000, 2, PayloadType{96}, "useinbandfec=1;stereo=0"}, Codec{"G722", 8000, 1, PayloadType{9}, {}},
                                   Codec{"L16", 16000, 1, PayloadType{97}, {}}, Codec{"L16", 48000, 1, PayloadType{98}, {}},
                                   Codec{"PCMA", 8000, 1, PayloadType{8}, {}}, Codec{"CN", 8000, 1, PayloadType{13}, {}}));
}

TEST(CodecNames, say_what_there_is_instead_of_an_unknown_one) {
  const auto unknown = named({"PCMA", "opsu"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().detail,
            "There is no codec \"opsu\"; did you mean opus? There are opus, G722, PCMU, PCMA, L16/48000, L16/44100, L16, L16/8000, CN");
  EXPECT_THAT(named({"telepathy"}).error().detail, HasSubstr("\"telepathy\"; There are opus"));
  EXPECT_LT(named({std::string(100'000, 'x')}).error().detail.size(), 200U);
}

TEST(CodecNames, need_one_to_talk_with_and_none_twice) {
  EXPECT_THAT(named({}).error().detail, HasSubstr("name at least one of opus"));
  EXPECT_THAT(named({"CN"}).error().detail, HasSubstr("No codec to talk with"));
  EXPECT_THAT(named({"opus", "Opus/48000"}).error().detail, HasSubstr("opus is named twice"));
}

}  // namespace
}  // namespace callwright::media
