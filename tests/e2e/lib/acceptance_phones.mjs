// The phones of the acceptance checks: alice, bob and carol are baresip, whoever is odd is a scripted phone.
import { Baresip } from '../../interop/lib/baresip.mjs';
import { ScriptedPhone } from '../../interop/lib/scripted_phone.mjs';

const BARESIP = ['alice', 'bob', 'carol'];
/** Others, and what is odd about them. "nobody" has no phone. */
const SCRIPTED = {
  dave: {},
  erin: {},
  busy: { invite: '486 Busy Here' },
  silent: { invite: '180 Ringing' },
  norefer405: { refer: '405 Method Not Allowed' },
  norefer501: { refer: '501 Not Implemented' },
  ignores603: { refer: '603 Decline' },
  ignores: { refer: 'ignore' },
  mute: { notifies: false },
  quits: { quits: true },
  rigid: { reinvite: '488 Not Acceptable Here' },
  occupied: { reinvite: '486 Busy Here' },
};

const passwordOf = (user) => `${user}-demo`;

/** Whose names there are. */
export const USERS = [...BARESIP, ...Object.keys(SCRIPTED), 'nobody'].map((user) => ({ user, password: passwordOf(user) }));

export class Phones {
  #registrar;
  #all = {};

  /** Registers all but nobody at `registrar` ("127.0.0.1:5060"). */
  async start(registrar) {
    this.#registrar = registrar;
    await Promise.all([
      ...BARESIP.map(async (user) => {
        this.#all[user] = await Baresip.start(user, passwordOf(user), registrar);
      }),
      ...Object.keys(SCRIPTED).map((user) => this.register(user)),
    ]);
  }

  async stop() {
    for (const phone of Object.values(this.#all)) {
      await (phone instanceof Baresip ? phone.stop() : phone.close());
    }
  }

  /** From now on messages are lost on their way to scripted phones, or no more. */
  lose(on) {
    for (const phone of Object.values(this.#all)) {
      if (phone instanceof ScriptedPhone) phone.loseEach(on ? 13 : 0);
    }
  }

  /** One party hangs up by itself. */
  hangUp(callid, user) {
    return this.#all[user].hangUp(callid);
  }

  async register(user) {
    this.#all[user] = await ScriptedPhone.start(user, passwordOf(user), this.#registrar, SCRIPTED[user]);
  }

  /** Registers the scripted ones once more: they do not by themselves. */
  async refresh() {
    await Promise.all(Object.values(this.#all).map((phone) => phone instanceof ScriptedPhone && phone.refresh()));
  }

  async unregister(user) {
    await this.#all[user].leave();
    delete this.#all[user];
  }
}
