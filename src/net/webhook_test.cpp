// The webhook and a real web server that answers what a test wants.
#include "net/webhook.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <charconv>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace callwright::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::chrono::seconds kGuard{20};

struct Received {
  std::string head;
  std::string body;
};

/// One request a connection. What is not said in `answers` is a 200; 0 never answers.
class Receiver {
 public:
  explicit Receiver(EngineLoop& loop) : acceptor_(loop.context(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) { accept(); }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/calls?key=hidden"; }
  void close() { acceptor_.close(); }

  std::vector<Received> requests;
  std::deque<int> answers;

 private:
  struct Connection {
    explicit Connection(tcp::socket accepted) : socket(std::move(accepted)) {}
    tcp::socket socket;
    std::string text;
  };

  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (!error) {
        read(std::make_shared<Connection>(std::move(socket)));
        accept();
      }
    });
  }

  void read(const std::shared_ptr<Connection>& connection) {
    boost::asio::async_read_until(connection->socket, boost::asio::dynamic_buffer(connection->text), "\r\n\r\n",
                                  [this, connection](const boost::system::error_code& error, std::size_t size) {
                                    if (!error) {
                                      read_body(connection, size);
                                    }
                                  });
  }

  void read_body(const std::shared_ptr<Connection>& connection, std::size_t head) {
    const std::string& text = connection->text;
    const std::size_t field = text.find("Content-Length: ") + 16;
    std::size_t length = 0;
    std::from_chars(text.data() + field, text.data() + text.size(), length);
    const std::size_t left = head + length - std::min(text.size(), head + length);
    boost::asio::async_read(connection->socket, boost::asio::dynamic_buffer(connection->text), boost::asio::transfer_exactly(left),
                            [this, connection, head](const boost::system::error_code& error, std::size_t /*size*/) {
                              if (!error) {
                                answer(connection, head);
                              }
                            });
  }

  void answer(const std::shared_ptr<Connection>& connection, std::size_t head) {
    requests.push_back({connection->text.substr(0, head), connection->text.substr(head)});
    int status = 200;
    if (!answers.empty()) {
      status = answers.front();
      answers.pop_front();
    }
    if (status == 0) {
      silent_.push_back(connection);
      return;
    }
    connection->text = "HTTP/1.1 " + std::to_string(status) + " So\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    boost::asio::async_write(connection->socket, boost::asio::buffer(connection->text), [connection](const boost::system::error_code&, std::size_t) {});
  }

  tcp::acceptor acceptor_;
  std::vector<std::shared_ptr<Connection>> silent_;
};

struct Hooked : testing::Test {
  Hooked() { make({}); }
  ~Hooked() override {
    client.reset();
    loop.stop();
    loop.run();
  }

  void make(Webhook::Settings wanted) {
    wanted.url = HttpUrl::parse(receiver.url()).value();
    wanted.secret = "0123456789abcdef";
    if (wanted.first_retry == Webhook::Settings{}.first_retry) {
      wanted.first_retry = 10ms;
    }
    hook.emplace(loop, *client, random, wanted, [this](const Webhook::Undelivered& letter) { letters.push_back(letter); });
  }
  void run_until(const std::function<bool()>& done) { ASSERT_TRUE(loop.run_until(done, kGuard)); }
  void finish(base::Duration limit) {
    bool finished = false;
    hook->finish(limit, [&finished] { finished = true; });
    run_until([&finished] { return finished; });
  }

  EngineLoop loop;
  Receiver receiver{loop};
  std::unique_ptr<HttpClient> client = HttpClient::blocking_create({}).value();
  base::DeterministicRandom random{1};
  std::optional<Webhook> hook;
  std::vector<Webhook::Undelivered> letters;
};

TEST_F(Hooked, a_text_is_posted_with_its_id_and_a_signature) {
  hook->deliver("one", R"({"a":1})");
  run_until([this] { return hook->waiting() == 0; });
  ASSERT_THAT(receiver.requests, SizeIs(1));
  const auto& [head, body] = receiver.requests[0];
  EXPECT_EQ(body, R"({"a":1})");
  EXPECT_THAT(head, testing::StartsWith("POST /calls?key=hidden HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(head, HasSubstr("X-Callwright-Record: one\r\n"));
  const std::size_t field = head.find("X-Callwright-Signature: t=") + 24;
  const std::string signature = head.substr(field, head.find("\r\n", field) - field);
  EXPECT_EQ(signature, webhook_signature("0123456789abcdef", std::stoll(signature.substr(2)), body));
}

TEST(WebhookSignature, is_that_of_the_documentation) {
  EXPECT_EQ(webhook_signature("a secret of the documentation", 1'772'323'200, R"({"id":"x"})"),
            "t=1772323200,v1=0fb320845ff0256d45846ec0ad5687a31b9236f5eed939180541ae26b6f17ae4");
}

TEST_F(Hooked, a_text_is_sent_again_until_it_is_taken) {
  receiver.answers = {500, 404, 302};
  hook->deliver("one", "1");
  run_until([this] { return hook->waiting() == 0; });
  EXPECT_THAT(receiver.requests, SizeIs(4));
  EXPECT_THAT(letters, IsEmpty());
}

TEST_F(Hooked, a_text_that_is_refused_does_not_hold_up_the_others) {
  make({.first_retry = 1h});
  receiver.answers = {500};
  hook->deliver("one", "1");
  run_until([this] { return receiver.requests.size() == 1; });
  hook->deliver("two", "2");
  run_until([this] { return receiver.requests.size() == 2; });
  EXPECT_EQ(receiver.requests[1].body, "2");
}

TEST_F(Hooked, a_text_is_given_up_after_a_while) {
  make({.give_up_after = 100ms});
  receiver.answers = std::deque<int>(1'000, 503);
  hook->deliver("one", "1");
  run_until([this] { return hook->waiting() == 0; });
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(letters[0].id, "one");
  EXPECT_EQ(letters[0].body, "1");
  EXPECT_EQ(letters[0].attempts, receiver.requests.size());
  EXPECT_THAT(letters[0].attempts, Ge(2U));
  EXPECT_EQ(letters[0].reason, "answered with 503");
}

TEST_F(Hooked, texts_beyond_the_capacity_are_given_up_at_once) {
  make({.capacity = 2});
  receiver.answers = {0, 0};
  for (const char* const id : {"one", "two", "three"}) {
    hook->deliver(id, id);
  }
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(letters[0].id, "three");
  EXPECT_EQ(letters[0].attempts, 0U);
}

TEST_F(Hooked, the_end_is_one_more_chance_for_each) {
  make({.first_retry = 1h});
  receiver.answers = {500, 500, 500, 200, 500, 200};
  for (const char* const id : {"one", "two", "three"}) {
    hook->deliver(id, id);
  }
  run_until([this] { return receiver.requests.size() == 3 && hook->under_way() == 0; });
  finish(10s);
  EXPECT_EQ(receiver.requests.size(), 6U);
  EXPECT_THAT(letters, SizeIs(1)) << "with one that answers 500 again";
  EXPECT_EQ(hook->waiting(), 0U);
}

TEST_F(Hooked, the_end_does_not_wait_for_one_that_never_answers) {
  receiver.answers = {0};
  hook->deliver("one", "1");
  run_until([this] { return receiver.requests.size() == 1; });
  finish(50ms);
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(letters[0].reason, "the server stopped before the answer came");
}

TEST_F(Hooked, the_end_comes_at_once_when_nothing_waits) {
  finish(1h);
  EXPECT_THAT(letters, IsEmpty());
}

TEST_F(Hooked, a_receiver_that_is_not_there_is_told_without_the_url) {
  receiver.close();
  hook->deliver("one", "1");
  finish(10s);
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_THAT(letters[0].reason, HasSubstr("Failed to connect to 127.0.0.1"));
  EXPECT_THAT(letters[0].reason, testing::Not(HasSubstr("hidden")));
}

TEST(HttpUrl, tells_who_is_reached) {
  const auto url = HttpUrl::parse("https://user:secret@crm.example.com:8443/calls?key=hidden");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->origin, "https://crm.example.com:8443");
  EXPECT_TRUE(url->secure);
  EXPECT_FALSE(url->loopback);
  for (const char* const here : {"http://localhost/", "http://127.0.0.1:80", "https://[::1]:8443/x"}) {
    EXPECT_TRUE(HttpUrl::parse(here)->loopback) << here;
  }
  EXPECT_FALSE(HttpUrl::parse("http://127.0.0.1.example.com/")->loopback);
  for (const char* const wrong : {"", "crm", "ftp://example.com/", "file:///etc/passwd", "https://", "https://a b/", "https://example.com:99999/"}) {
    EXPECT_FALSE(HttpUrl::parse(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace callwright::net
