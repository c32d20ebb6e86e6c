/**
 * The certificate that stands in for a cluster's authority while no port is open: kube-root-ca.crt holds it, so that history depends on
 * the seed alone. Its key was thrown away; nothing can be signed with it.
 */
export const testAuthorityPem: string = [
  "-----BEGIN CERTIFICATE-----",
  "MIIBizCCATGgAwIBAgIQXSjw5ZJvts90O1OH/+miUjAKBggqhkjOPQQDAjAVMRMw",
  "EQYDVQQDDAprdWJlcm5ldGVzMB4XDTI2MTEyMTExNTMyNloXDTM2MTExODExNTgy",
  "NlowFTETMBEGA1UEAwwKa3ViZXJuZXRlczBZMBMGByqGSM49AgEGCCqGSM49AwEH",
  "A0IABGhEN5E2YQhI+1bMZuzSZE3uYNUX14fzQ49aXg29Gm7+7oEEqI2x7o6St6+C",
  "+EmRm5KsDrHDQrbIBPXXHTLBMZCjYzBhMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0P",
  "AQH/BAQDAgKEMB0GA1UdDgQWBBTV4IJlQZtxMzXF+TEAwYp6cr5thzAfBgNVHSME",
  "GDAWgBTV4IJlQZtxMzXF+TEAwYp6cr5thzAKBggqhkjOPQQDAgNIADBFAiEA4DTx",
  "TXCDsckQHZ9GJpSZNsOLCQPGAZG3vG9LH+V+y0UCIGSLCBtpJVHqwiXqZiHsd5F2",
  "+ytbmhXiaiDQzXiC8Q32",
  "-----END CERTIFICATE-----",
  "",
].join("\n");
