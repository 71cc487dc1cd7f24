// Made by types.mjs from the OpenRPC document of the server; do not edit.

/** What the methods of the Call API take. */
export interface MethodParams {
  /** Rings the caller, and when it has answered, connects it to the callee. */
  CallStart: {
    /** whom to ring first */
    caller: string;
    /** whom to connect with it */
    callee: string;
    /** the display name of the caller, for the callee to see */
    caller_name?: string;
    /** that of the callee, for the caller to see */
    callee_name?: string;
    /** what the callee sees in the place of caller */
    caller_id?: string;
    /** header fields for the INVITEs */
    headers?: Record<string, string>;
    /** for whoever asks for credentials */
    username?: string;
    /** and its password */
    password?: string;
    /** what the two may speak, by preference */
    codecs?: string | Array<string>;
    /** for how many seconds each phone may ring */
    timeout?: number;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Has a party call somebody else, and ends its present call when that has answered. */
  CallBlindTransfer: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** the party that is transferred */
    leg: 'caller' | 'callee';
    /** whom it is to call */
    destination: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Connects a party with one of another call. */
  CallAttendedTransfer: {
    /** the call of the party that is transferred */
    callidA: string;
    /** that party */
    legA: 'caller' | 'callee';
    /** the call of the party that it is connected with */
    callidB: string;
    /** that party */
    legB: 'caller' | 'callee';
    /** whom the phone calls; by default the party legB */
    destination?: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Puts both parties of a call on hold, or one. */
  CallHold: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** one party alone; both by default */
    leg?: 'caller' | 'callee' | 'both';
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Takes both parties of a call back, or one. */
  CallUnhold: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** one party alone; both by default */
    leg?: 'caller' | 'callee' | 'both';
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Plays a sound to both parties of a call, or one, in place of what the others say. */
  CallPlay: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** one party alone; both by default */
    leg?: 'caller' | 'callee' | 'both';
    /** a name in the server's folder of sounds; either this or tone */
    file?: string;
    /** a tone of so many hertz, until it is stopped */
    tone?: number;
    /** the file begins again at its end, until it is stopped */
    loop?: boolean;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Ends what is played. */
  CallStop: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** one party alone; both by default */
    leg?: 'caller' | 'callee' | 'both';
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Presses keys, which both parties of a call hear, or one. */
  CallDtmf: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** one party alone; both by default */
    leg?: 'caller' | 'callee' | 'both';
    /** the keys: 0 to 9, *, #, A to D */
    digits: string;
    /** how long each is pressed; 100 by default */
    duration_ms?: number;
    /** the time after each; 60 by default */
    gap_ms?: number;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Nobody hears a party, or either, any more; or does again. */
  CallMute: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** one party alone; both by default */
    leg?: 'caller' | 'callee' | 'both';
    /** false: they are heard again; true by default */
    muted?: boolean;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Records a call until it ends; pauses that, resumes it, or stops it. */
  CallRecord: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** start by default */
    action?: 'start' | 'pause' | 'resume' | 'stop';
    /** stereo by default: the caller is left */
    layout?: 'stereo' | 'mono' | 'separate';
    /** wav by default */
    format?: 'wav' | 'ogg';
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Sends a text to all phones of a user. */
  CallMessage: {
    /** whose text it is */
    from: string;
    /** who gets it */
    to: string;
    /** up to 16 kB */
    text: string;
    /** text/plain by default */
    content_type?: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Tells the caller of an incoming call that it rings. */
  CallRing: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Answers an incoming call: the caller is with the exchange, alone. */
  CallAnswer: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Refuses an incoming call. */
  CallReject: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** the SIP status; 486 by default */
    status?: number;
    /** its reason phrase */
    reason?: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Rings somebody for an incoming call. */
  CallRedirect: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** who is rung */
    destination: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Connects a party of one call with a party of another; whoever they talked to is hung up. */
  CallBridge: {
    /** the call of the one */
    callidA: string;
    /** that party, where the call has two; the caller by default */
    legA?: 'caller' | 'callee';
    /** the call of the other */
    callidB: string;
    /** that party */
    legB?: 'caller' | 'callee';
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Parts the two of a call: each is with the exchange, alone. */
  CallUnbridge: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Puts a party of a call into a slot, where it hears music until it is fetched; whoever it talked to is hung up. */
  CallPark: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** the party that is parked, where the call has two; the caller by default */
    leg?: 'caller' | 'callee';
    /** letters, digits, '-', '_' and '.'; a free number by default */
    slot?: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Connects somebody with a party that is parked, or with the caller of a call that rings. */
  CallPickup: {
    /** where the party is parked; either this or callid */
    slot?: string;
    /** the Call-ID of the parked party, or of the call that rings */
    callid?: string;
    /** a SIP URI that is called, or the Call-ID of a party that is in a call */
    by: string;
    /** that party, where the call has two; the caller by default */
    leg?: 'caller' | 'callee';
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Opens a conference, which lasts until it is ended. */
  ConferenceCreate: {
    /** its name: letters, digits, '-', '_' and '.' */
    conference: string;
    /** how many at most; 100 by default */
    max_parties?: number;
    /** a tone is heard when somebody comes or leaves */
    tones?: boolean;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Takes both parties of a call into a conference, or one; or calls somebody in. */
  ConferenceAdd: {
    /** its name: letters, digits, '-', '_' and '.' */
    conference: string;
    /** the call; either this or destination */
    callid?: string;
    /** one party alone; both by default */
    leg?: 'caller' | 'callee' | 'both';
    /** who is called */
    destination?: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Hangs up on a party of a conference. */
  ConferenceRemove: {
    /** its name: letters, digits, '-', '_' and '.' */
    conference: string;
    /** the Call-ID of the party */
    callid: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Nobody hears a party of a conference any more; or does again. */
  ConferenceMute: {
    /** its name: letters, digits, '-', '_' and '.' */
    conference: string;
    /** the Call-ID of the party */
    callid: string;
    /** false: it is heard again; true by default */
    muted?: boolean;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Hangs up on all parties of a conference. */
  ConferenceEnd: {
    /** its name: letters, digits, '-', '_' and '.' */
    conference: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Hangs a call up. */
  CallEnd: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** As CallStart, as soon as neither of the two is in a call. */
  CallRedial: {
    /** whom to ring first, a user of the exchange */
    caller: string;
    /** whom to connect with it, another */
    callee: string;
    /** how many seconds to wait; 3600 by default */
    limit_s?: number;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Gives a command up that runs. */
  CommandCancel: {
    /** its cmd_id */
    target: string;
  };
  /** Tells what calls there are. */
  CallList: {
    /** also those that ended of late */
    ended?: boolean;
    /** how many at most; 1000 by default */
    limit?: number;
  };
  /** Tells what is known of a call. */
  CallInfo: {
    /** the Call-ID of either leg of the call */
    callid: string;
  };
  /** Tells which phones are registered. */
  RegistrationList: {
    /** how many at most; 1000 by default */
    limit?: number;
  };
  /** Tells where calls of a user are forwarded, where he is looked for, and whom he may call and be called by. */
  UserFeatures: {
    /** the name of an account */
    user: string;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Changes some of that, for calls from now on. */
  UserFeaturesSet: {
    /** the name of an account */
    user: string;
    /** where calls go instead */
    forward?: { always?: string; busy?: string; no_answer?: string; after_s?: number };
    /** where he is looked for, one step after the other */
    find_me?: Array<{ to?: Array<string>; time_s?: number }>;
    /** who may call him, and whom he may call */
    screening?: { incoming?: { allow?: Array<string>; deny?: Array<string> }; outgoing?: { allow?: Array<string>; deny?: Array<string> } };
    /** whether calls are refused as if he were busy */
    do_not_disturb?: boolean;
    /** the command is given up after so many seconds */
    deadline?: number;
  };
  /** Reports what happens to calls and phones until it is ended. */
  Subscribe: {
    /** calls or registrations; both by default */
    what?: 'calls' | 'registrations';
    /** that call alone */
    callid?: string;
    /** who calls, is called or is registered */
    user?: string;
    /** to go on behind the event of that number */
    after?: number;
    /** the feed that the number is of */
    feed?: string;
  };
  /** Ends a subscription. */
  Unsubscribe: {
    /** its cmd_id */
    target: string;
  };
  /** Gives its parameters back, whatever they are. */
  Echo: {
    [name: string]: unknown;
  };
}
