// Made by types.mjs from the OpenRPC document of the server; do not edit.

/** What the methods of the Call API take. */
export interface MethodParams {
  /** Rings the caller, and when it has answered, connects it to the callee. */
  CallStart: {
    /** whom to ring first */
    caller: string;
    /** whom to connect with it */
    callee: string;
  };
  /** Has a party call somebody else, and ends its present call when that has answered. */
  CallBlindTransfer: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** the party that is transferred */
    leg: 'caller' | 'callee';
    /** whom it is to call */
    destination: string;
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
  };
  /** Puts both parties of a call on hold, or one. */
  CallHold: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** one party alone; both by default */
    leg?: 'caller' | 'callee' | 'both';
  };
  /** Takes both parties of a call back, or one. */
  CallUnhold: {
    /** the Call-ID of either leg of the call */
    callid: string;
    /** one party alone; both by default */
    leg?: 'caller' | 'callee' | 'both';
  };
  /** Hangs a call up. */
  CallEnd: {
    /** the Call-ID of either leg of the call */
    callid: string;
  };
  /** As CallStart, as soon as neither of the two is in a call. */
  CallRedial: {
    /** whom to ring first, a user of the exchange */
    caller: string;
    /** whom to connect with it, another */
    callee: string;
    /** how long to wait, 1 to 86400 seconds; 3600 by default */
    limit_s?: number;
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
    /** how many at most, 1 to 10000; 1000 by default */
    limit?: number;
  };
  /** Tells what is known of a call. */
  CallInfo: {
    /** the Call-ID of either leg of the call */
    callid: string;
  };
  /** Tells which phones are registered. */
  RegistrationList: {
    /** how many at most, 1 to 10000; 1000 by default */
    limit?: number;
  };
  /** Tells where calls of a user are forwarded, where he is looked for, and whom he may call and be called by. */
  UserFeatures: {
    /** the name of an account */
    user: string;
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
