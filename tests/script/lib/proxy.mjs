// Kamailio as registrar and proxy of scenarios. Nothing but the phones themselves transfers and follows redirections there.
import { Kamailio } from '../../interop/lib/kamailio.mjs';

const route = (registration, subscription) => () => `
request_route {
  if (is_method("CANCEL")) {
    if (t_check_trans()) t_relay();
    exit;
  }
  handle_ruri_alias();
  if (has_totag()) {
    if (loose_route()) {
      if (is_method("NOTIFY")) record_route();  # It makes the dialog of a subscription (RFC 6665 §4.3).
      t_relay();
    } else if (is_method("ACK") && t_check_trans()) t_relay();
    exit;
  }
  t_check_trans();
  xlog("L_ALERT", "got $rm over $pr, user $fU, route <$hdr(Route)>\\n");
  remove_hf("Route");
  if (is_method("REGISTER")) {
    fix_nated_register();
    ${registration}
    save("location");
    exit;
  }
  if (is_method("INVITE|SUBSCRIBE")) {
    record_route();
    add_contact_alias();
    t_on_reply("answer");
  }
  ${subscription}
  if (!lookup("location")) {
    sl_send_reply("404", "Not Found");
    exit;
  }
  t_relay();
}
onreply_route[answer] {
  add_contact_alias();
}
`;

/** Digest authentication of REGISTER: everybody has this password. */
export const withPassword = (password) => `
    if (!pv_www_authenticate("$td", "${password}", "0")) {
      www_challenge("$td", "0");
      exit;
    }
    xlog("L_ALERT", "digest of $au for $fU\\n");`;

/** Subscriptions go to this address ("127.0.0.1:5070"). */
export const subscribedAt = (address) => `
  if (is_method("SUBSCRIBE")) {
    $du = "sip:${address}";
    t_relay();
    exit;
  }`;

/** `registration` and `subscription` are further steps for REGISTER and SUBSCRIBE; `certificates` and `parameters` as for Kamailio.start. */
export const startProxy = ({ registration = '', subscription = '', parameters = [], certificates } = {}) =>
  Kamailio.start(route(registration, subscription), {
    modules: ['usrloc', 'registrar', 'auth'],
    parameters: ['registrar received_avp $avp(received)', 'nathelper received_avp $avp(received)', ...parameters],
    certificates,
  });
