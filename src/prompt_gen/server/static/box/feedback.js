// What became of suggestions, told to the server where it wants to know: shown, accepted, dismissed, kept.

import { lengthOf, surviving } from './text.js';

const SEEN_MS = 300; // a list that is gone sooner was not looked at
const KEPT_S = 30; // so long behind accepting, what is still there was kept
const MOST_WAITING = 50; // events that could not be sent yet

export class Feedback {
  constructor(service, session, isRecorded) {}
  shown() {}
  accepted() {}
  dismissed() {}
  settle() {}
}
