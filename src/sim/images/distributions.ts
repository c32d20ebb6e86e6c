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

/** Lines of /etc/group: the names of a distribution's groups, some with their members. */
const groupsFile = (groups: { readonly [name: string]: number | readonly [id: number, members: string] }): string => Object.entries(groups).map(([name, group]) => `${name}:x:${typeof group === "number" ? `${group}:` : group.join(":")}\n`).join("");

export const alpine: Distribution = {
  files: {
    "/etc/group": groupsFile({
      root: [0, "root"], bin: [1, "root,bin,daemon"], daemon: [2, "root,bin,daemon"], sys: [3, "root,bin"], adm: [4, "root,daemon"], tty: 5, disk: [6, "root"], lp: [7, "lp"], kmem: 9, wheel: [10, "root"], floppy: [11, "root"],
      mail: [12, "mail"], news: [13, "news"], uucp: [14, "uucp"], cron: [16, "cron"], audio: 18, cdrom: 19, dialout: [20, "root"], ftp: 21, sshd: 22, input: 23, tape: [26, "root"], video: [27, "root"], netdev: 28, kvm: [34, "kvm"],
      games: 35, shadow: 42, "www-data": 82, users: [100, "games"], ntp: 123, abuild: 300, utmp: 406, ping: 999, nogroup: 65533, nobody: 65534,
    }),
    "/etc/os-release": osRelease({ NAME: '"Alpine Linux"', ID: "alpine", VERSION_ID: "3.22.2", PRETTY_NAME: '"Alpine Linux v3.22"', HOME_URL: '"https://alpinelinux.org/"', BUG_REPORT_URL: '"https://gitlab.alpinelinux.org/alpine/aports/-/issues"' }),
    "/etc/alpine-release": "3.22.2\n",
    // Nothing is fetched from anywhere, and the name says so.
    "/etc/apk/repositories": "https://mirror.invalid/alpine/v3.22/main\nhttps://mirror.invalid/alpine/v3.22/community\n",
    "/etc/issue": "Welcome to Alpine Linux 3.22\nKernel \\r on \\m (\\l)\n",
  },
  lacks: [...extra, "dash", "zsh"],
  packages: "apk",
};

/** One binary for all, and no more: it does not say what it is. */
export const busybox: Distribution = {
  files: {
    "/etc/group": groupsFile({
      root: 0, daemon: 1, bin: 2, sys: 3, adm: 4, tty: 5, disk: 6, lp: 7, mail: 8, kmem: 9, wheel: [10, "root"], cdrom: 11, dialout: 18, floppy: 19, video: 28, audio: 29, tape: 32, "www-data": 33, operator: 37, utmp: 43, plugdev: 46,
      staff: 50, lock: 54, netdev: 82, users: 100, nobody: 65534,
    }),
  },
  lacks: [...extra, "dash", "zsh", "getent"],
};

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
