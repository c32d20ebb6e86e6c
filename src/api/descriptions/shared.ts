/** Texts of fields that stand in many types with one meaning. */
type FieldTexts = { readonly [fieldName: string]: string };

/** Of a condition, except what its types are. */
export const conditionFields: FieldTexts = {
  status: "Whether the condition holds: True, False, or Unknown when nobody can tell.",
  lastTransitionTime: "When the status last changed from one value to another.",
  reason: "Why the status is what it is: one word in CamelCase, for programs.",
  message: "Why the status is what it is: a sentence, for people.",
};

/** Of a kind that says what is wanted and what is. */
export const wantedAndSeen: FieldTexts = {
  spec: "What is wanted.",
  status: "What was last seen. Written by the system, read-only for everybody else, and possibly a moment behind.",
};

export const observedGeneration = "The metadata.generation that this status speaks of. While it is lower than the object's, the newest change has not been looked at yet.";
