/** Who is signed in, in this tab alone: in memory, and in `sessionStorage` for a reload. Temporary credentials only. */
import { useSyncExternalStore } from 'react';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch; absent where their end is unknown. */
  readonly expires?: number | undefined;
}

/** An identity with its keys. */
export interface Identity {
  readonly keys: Keys;
  readonly arn: string;
  readonly account: string;
}

/** A role that one has switched to: what asks for its next keys. */
export interface SwitchedRole extends Identity {
  readonly roleArn: string;
  readonly displayName: string;
}

export interface SignedIn {
  /** Who signed in. */
  readonly base: Identity;
  readonly role?: SwitchedRole | undefined;
  readonly region: string;
}

/** Why a session is over, in the server's words. */
export interface Ended {
  readonly message: string;
  readonly requestId?: string | undefined;
  /** Whether a role's session ended, and the one behind it may go on. */
  readonly ofRole: boolean;
}

export interface SessionState {
  readonly signedIn?: SignedIn | undefined;
  readonly ended?: Ended | undefined;
}

const PLACE = 'karikagi.session';
const listeners = new Set<() => void>();

let state: SessionState = read();

function read(): SessionState {
  try {
    return JSON.parse(sessionStorage.getItem(PLACE) ?? '{}') as SessionState;
  } catch {
    return {};
  }
}

export function session(): SessionState {
  return state;
}

export function setSession(next: SessionState): void {
  state = next;
  if (next.signedIn) sessionStorage.setItem(PLACE, JSON.stringify(next));
  else sessionStorage.removeItem(PLACE);
  for (const listener of listeners) listener();
}

/** The identity that requests are signed as. */
export function currentIdentity(): Identity | undefined {
  return state.signedIn?.role ?? state.signedIn?.base;
}

export function useSession(): SessionState {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

/** For pages behind the sign-in. Throws where no one is signed in. */
export function useSignedIn(): SignedIn & { readonly current: Identity } {
  const { signedIn } = useSession();
  if (signedIn === undefined) throw new Error('no one is signed in');
  return { ...signedIn, current: signedIn.role ?? signedIn.base };
}

export function signOut(): void {
  setSession({});
}

/** The session in use is over: the page says why and offers what is left. */
export function endSession(message: string, requestId?: string): void {
  if (state.signedIn === undefined || state.ended) return;
  setSession({ ...state, ended: { message, requestId, ofRole: state.signedIn.role !== undefined } });
}

/** Back to who signed in. */
export function switchBack(): void {
  if (state.signedIn) setSession({ signedIn: { ...state.signedIn, role: undefined } });
}

export function setRegion(region: string): void {
  if (state.signedIn) setSession({ ...state, signedIn: { ...state.signedIn, region } });
}
