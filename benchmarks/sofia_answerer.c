/* The peer of benchmarks/sip_answering.py: Sofia-SIP's nua answering every call like `sipp -sn uas`, 180 and 200 with SDP at once. A process of its own that
   is measured, never a part of the product. Prints its port and runs until standard input ends. */
#include <sofia-sip/nua.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su.h>
#include <sofia-sip/su_wait.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PORT "25170"

static const char kAnswer[] =
    "v=0\r\no=sofia 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

static void on_event(nua_event_t event, int status, char const* phrase, nua_t* nua, nua_magic_t* magic, nua_handle_t* handle, nua_hmagic_t* handle_magic,
                     sip_t const* sip, tagi_t tags[]) {
  (void)status, (void)phrase, (void)nua, (void)magic, (void)handle_magic, (void)sip, (void)tags;
  if (event == nua_i_invite) {
    nua_respond(handle, SIP_180_RINGING, TAG_END());
    nua_respond(handle, SIP_200_OK, SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(kAnswer), TAG_END());
  } else if (event == nua_i_terminated) {
    nua_handle_destroy(handle);
  }
}

static int on_input_end(su_root_magic_t* root, su_wait_t* wait, su_wakeup_arg_t* argument) {
  char byte;
  (void)wait, (void)argument;
  if (read(0, &byte, 1) == 0) su_root_break((su_root_t*)root);
  return 0;
}

int main(void) {
  su_init();
  su_root_t* root = su_root_create(NULL);
  su_root_set_magic(root, (su_root_magic_t*)root);
  nua_t* nua = nua_create(root, on_event, NULL, NUTAG_URL("sip:127.0.0.1:" PORT ";transport=udp"), NUTAG_MEDIA_ENABLE(0), NUTAG_AUTOANSWER(0), NUTAG_AUTOALERT(0),
                          NUTAG_SESSION_TIMER(0), NUTAG_ALLOW("INVITE, ACK, BYE, CANCEL"), TAG_END());
  if (nua == NULL) {
    fprintf(stderr, "port " PORT " is in use\n");
    return 1;
  }
  su_wait_t input[1];
  su_wait_create(input, 0, SU_WAIT_IN);
  su_root_register(root, input, on_input_end, NULL, 0);
  printf(PORT "\n");
  fflush(stdout);
  su_root_run(root);
  return 0;
}
