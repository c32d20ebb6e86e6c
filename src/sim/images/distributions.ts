/**
 * What images of one Linux distribution share, as data: what /etc says of it, which of the simulated commands its images come without, and
 * who installs packages there. A command that an image lacks is there once a package has brought it.
 */
export interface Distribution {
  readonly files: { readonly [path: string]: string };
  /** Commands of the common userland that are not there. */
  readonly lacks: readonly string[];
  readonly packages?: "apk" | "apt";
}

const osRelease = (fields: { readonly [name: string]: string }): string => Object.entries(fields).map(([name, value]) => `${name}=${value}\n`).join("");

/** Not in any image that somebody has not put them into. */
const extra = ["bash", "curl", "dig", "file", "host", "jq", "ss"];
/** What busybox brings and a small Debian does not. */
const busyboxOnly = ["arp", "ash", "busybox", "free", "hexdump", "hd", "ifconfig", "ip", "killall", "less", "lsof", "nc", "netstat", "nslookup", "pgrep", "pidof", "ping", "pkill", "ps", "route", "sysctl", "telnet", "top", "traceroute", "tree", "uptime", "usleep", "vi", "watch", "wget", "xxd"];

export const alpine: Distribution = {
  files: {
    "/etc/os-release": osRelease({ NAME: '"Alpine Linux"', ID: "alpine", VERSION_ID: "3.22.2", PRETTY_NAME: '"Alpine Linux v3.22"', HOME_URL: '"https://alpinelinux.org/"', BUG_REPORT_URL: '"https://gitlab.alpinelinux.org/alpine/aports/-/issues"' }),
    "/etc/alpine-release": "3.22.2\n",
    "/etc/apk/repositories": "https://dl-cdn.alpinelinux.org/alpine/v3.22/main\nhttps://dl-cdn.alpinelinux.org/alpine/v3.22/community\n",
    "/etc/issue": "Welcome to Alpine Linux 3.22\nKernel \\r on \\m (\\l)\n",
  },
  lacks: [...extra, "dash", "zsh"],
  packages: "apk",
};

/** One binary for all, and no more: it does not say what it is. */
export const busybox: Distribution = { files: {}, lacks: [...extra, "dash", "zsh", "getent"] };

export const debian: Distribution = {
  files: {
    "/etc/os-release": osRelease({
      PRETTY_NAME: '"Debian GNU/Linux 13 (trixie)"', NAME: '"Debian GNU/Linux"', VERSION_ID: '"13"', VERSION: '"13 (trixie)"', VERSION_CODENAME: "trixie", DEBIAN_VERSION_FULL: "13.2", ID: "debian",
      HOME_URL: '"https://www.debian.org/"', SUPPORT_URL: '"https://www.debian.org/support"', BUG_REPORT_URL: '"https://bugs.debian.org/"',
    }),
    "/etc/debian_version": "13.2\n",
    "/etc/issue": "Debian GNU/Linux 13 \\n \\l\n\n",
  },
  lacks: [...extra.filter((name) => name !== "bash"), ...busyboxOnly, "zsh"],
  packages: "apt",
};

export const ubuntu: Distribution = {
  files: {
    "/etc/os-release": osRelease({
      PRETTY_NAME: '"Ubuntu 24.04.3 LTS"', NAME: '"Ubuntu"', VERSION_ID: '"24.04"', VERSION: '"24.04.3 LTS (Noble Numbat)"', VERSION_CODENAME: "noble", ID: "ubuntu", ID_LIKE: "debian",
      HOME_URL: '"https://www.ubuntu.com/"', SUPPORT_URL: '"https://help.ubuntu.com/"', BUG_REPORT_URL: '"https://bugs.launchpad.net/ubuntu/"', UBUNTU_CODENAME: "noble",
    }),
    "/etc/debian_version": "trixie/sid\n",
    "/etc/issue": "Ubuntu 24.04.3 LTS \\n \\l\n\n",
  },
  // Ubuntu's image has procps.
  lacks: debian.lacks.filter((name) => !["ps", "top", "free", "uptime", "pgrep", "pkill", "watch", "sysctl"].includes(name)),
  packages: "apt",
};

/** A Debian with curl, as the official images of servers mostly are. */
export const debianWithCurl: Distribution = { ...debian, lacks: debian.lacks.filter((name) => name !== "curl") };
export const alpineWithCurl: Distribution = { ...alpine, lacks: alpine.lacks.filter((name) => name !== "curl") };
/** For those who look for faults: nothing is lacking. */
export const alpineWithAll: Distribution = { ...alpine, lacks: [] };

/** By its tag an official image is built on Alpine. */
export const isAlpineTag = (tag: string): boolean => /(^|-)alpine/.test(tag);
