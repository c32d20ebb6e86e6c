import { decodeBase64 } from "../../base/base64.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { CertificateSigningRequestCondition, CertificateSigningRequestSpec } from "../types/certificates-v1.ts";
import { byteLength } from "../validation/byte-length.ts";
import { duplicate, invalid, notSupported, required, tooLong } from "../validation/errors.ts";
import { goQuote } from "../validation/go-text.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems } from "../validation/names.ts";
import type { FieldPath } from "../validation/path.ts";

/** Validation of wishes for certificates. Of the request itself only its envelope is read: what it says is its signer's to judge. */
const usages = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];

const secondsMin = 600;
/** Signers of the time before names were required. */
const legacySigner = "kubernetes.io/legacy-unknown";

export function checkRequest(spec: CertificateSigningRequestSpec, path: FieldPath, errors: FieldError[]): void {
  const request = (spec.request as string | null) ?? null;
  if (request === null || !isPemRequest(request)) errors.push(invalid(path.child("request"), request, "PEM block type must be CERTIFICATE REQUEST"));
  const given: readonly string[] = spec.usages ?? [];
  const usagesPath = path.child("usages");
  if (given.length === 0) errors.push(required(usagesPath));
  given.forEach((usage, i) => {
    if (!usages.includes(usage)) errors.push(notSupported(usagesPath.index(i), usage, usages));
    if (given.indexOf(usage) < i) errors.push(duplicate(usagesPath.index(i), usage));
  });
  const signerPath = path.child("signerName");
  if (spec.signerName === legacySigner) errors.push(invalid(signerPath, spec.signerName, "the legacy signerName is not allowed via this API version"));
  else checkSignerName(spec.signerName, signerPath, errors);
  const seconds = spec.expirationSeconds;
  if (seconds !== undefined && seconds < secondsMin) {
    errors.push(invalid(path.child("expirationSeconds"), seconds, `may not specify a duration less than ${secondsMin} seconds (10 minutes)`));
  }
}

function isPemRequest(base64: string): boolean {
  const text = Array.from(decodeBase64(base64), (byte) => String.fromCharCode(byte)).join("");
  return /(^|\n)-----BEGIN CERTIFICATE REQUEST-----[\s\S]*\n-----END CERTIFICATE REQUEST-----/.test(text);
}

const domainBytesMax = 253;
const pathBytesMax = 253 + 63 + 1;

function checkSignerName(name: string, path: FieldPath, errors: FieldError[]): void {
  if (name === "") {
    errors.push(required(path));
    return;
  }
  const [domain = "", rest = "", ...more] = name.split("/");
  if (more.length > 0 || !name.includes("/")) {
    errors.push(invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'"));
    return;
  }
  if (byteLength(domain) > domainBytesMax) errors.push(tooLong(path, domainBytesMax));
  const labels = domain.split(".");
  checkLabels(domain, labels, dns1123LabelProblems, path, errors);
  if (labels.length < 2) errors.push(invalid(path, domain, "should be a domain with at least two segments separated by dots"));
  checkLabels(rest, rest.split("."), dns1123SubdomainProblems, path, errors);
  const bytesMax = domainBytesMax + pathBytesMax + 1;
  if (byteLength(name) > bytesMax) errors.push(tooLong(path, bytesMax));
}

/** The first label that is wrong. */
function checkLabels(whole: string, labels: readonly string[], problemsOf: (label: string) => readonly string[], path: FieldPath, errors: FieldError[]): void {
  const wrong = labels.find((label) => problemsOf(label).length > 0);
  if (wrong === undefined) return;
  for (const problem of problemsOf(wrong)) errors.push(invalid(path, whole, `validating label ${goQuote(wrong)}: ${problem}`));
}

/** Decisions once made are true, and only one of them holds. */
const decisions: readonly string[] = ["Approved", "Denied", "Failed"];
const statuses = ["False", "True", "Unknown"];

export function checkRequestConditions(conditions: readonly CertificateSigningRequestCondition[] | undefined, path: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>();
  conditions?.forEach(({ type, status }, i) => {
    const place = path.index(i);
    if (type === "") errors.push(required(place.child("type")));
    const allowed = decisions.includes(type) ? ["True"] : statuses;
    if (status === "") errors.push(required(place.child("status")));
    else if (!allowed.includes(status)) errors.push(notSupported(place.child("status"), status, allowed));
    const other = type === "Approved" ? "Denied" : type === "Denied" ? "Approved" : "";
    if (other !== "" && seen.has(other)) errors.push(invalid(place.child("type"), type, "Approved and Denied conditions are mutually exclusive"));
    if (seen.has(type)) errors.push(duplicate(place.child("type"), type));
    seen.add(type);
  });
}
