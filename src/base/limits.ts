/**
 * Every limit of the cluster, with the arithmetic or the source that chose it. Sizes in bytes (UTF-8), durations in
 * milliseconds, counts plain.
 */
export const limits = {
  /** A request body: upstream's 3 MiB (`MaxRequestBodyBytes` of the generic API server). Above it: 413. */
  requestBodyBytesMax: 3 * 1024 * 1024,
  /** Values (objects, lists, texts, numbers) in one request body: twice what the largest definitions of custom resources hold. Above it: 413. */
  requestValuesMax: 100_000,
  /** Bodies that are being read, all together: 80 of the largest. Above it: 429. */
  requestBodiesBytesMax: 256 * 1024 * 1024,
  /** A body must be complete by then, on the machine's clock: upstream's `--request-timeout`. Above it: 504. */
  requestBodyMsMax: 60 * 1000,
  /** A read of a revision that is yet to come waits so long for it, on the machine's clock: as upstream's caches do. Above it: 504. */
  futureRevisionMsMax: 3000,
  /** An object as stored: etcd's request limit of 1.5 MiB, as upstream answers it. */
  objectBytesMax: 1.5 * 1024 * 1024,
  /** Operations of one JSON patch; upstream answers 413 above it. */
  jsonPatchOperationsMax: 10_000,
  /** Revisions that a watch can start from. 5 minutes of upstream's compaction at 500 writes/s. */
  historyRevisionsMax: 150_000,
  /**
   * Bytes of those revisions, beside what is stored now: 150,000 of 3.5 KB, the size of a Pod's status update with its managed fields. Somebody
   * who writes a ConfigMap of 1 MB again and again shortens the window, and does not fill the memory.
   */
  historyBytesMax: 512 * 1024 * 1024,
  /** What is older than this is forgotten: upstream compacts its history every five minutes. */
  historyMsMax: 5 * 60 * 1000,
  /** So many of the newest revisions stay however old they are: on a clock that jumps a day at once, a list may still go on to a watch. */
  historyRevisionsMin: 1000,
  /** Events a slow in-process or HTTP watcher may lag behind before it is cut off with 410. Upstream cuts at 100–1,000 undelivered. */
  watchBacklogMax: 10_000,
  /** Bytes a slow HTTP watcher may leave unread in our buffers. 10,000 events of 1.6 KB. */
  watchBacklogBytesMax: 16 * 1024 * 1024,
  /** Bytes that a client may send ahead of the program that reads them (exec, attach), before it is made to wait. */
  inputAheadBytesMax: 1024 * 1024,
  /** Bytes that a program may write ahead of the client of an upgraded connection. There is no way to make it wait: the connection ends. */
  outputAheadBytesMax: 256 * 1024 * 1024,
  /** How long an unfinished watch lives when the client names no timeoutSeconds: upstream takes 30 to 60 minutes. */
  watchMsMin: 30 * 60 * 1000,
  /** Seconds between bookmarks of a watch that asked for them: upstream's one a minute. */
  bookmarkMs: 60 * 1000,
  /** The last instant that RFC 3339 can write, the end of the year 9999: no clock goes beyond. */
  instantMax: 253_402_300_799_999,
  /** Events live one hour (`--event-ttl`). */
  eventTtlMs: 60 * 60 * 1000,
  /** Bytes that a client of a WebSocket may leave unread in our buffers before the sender waits. */
  unreadBytesMax: 1024 * 1024,
  /** A message of an upgraded WebSocket: kubectl sends pieces of 32 KiB; nothing legitimate comes near this. */
  channelMessageBytesMax: 4 * 1024 * 1024,
  /** A message of a WebSocket that carries SPDY: a few frames. */
  tunnelMessageBytesMax: 8 * 1024 * 1024,
  /** A frame of SPDY: kubectl writes pieces of at most 32 KiB. */
  spdyFrameBytesMax: 4 * 1024 * 1024,
  /** Frames of SPDY that wait for a block of headers to be read: four of the largest. */
  spdyWaitingBytesMax: 16 * 1024 * 1024,
  /** Streams of one SPDY connection: a thousand forwarded connections, of two streams each. */
  spdyStreamsMax: 2000,
  /** A block of SPDY headers, inflated: streams of Kubernetes carry three or four short ones. */
  spdyHeaderBytesMax: 16 * 1024,
  /** All heads of one request: Go's default is 1 MiB, Node's 16 KiB would be too small for long field selectors and tokens. */
  requestHeadBytesMax: 64 * 1024,
  /** Bodies above this are read only for who may send them; smaller ones cost less than the question. */
  unaskedBodyBytesMax: 64 * 1024,
  /** Requests in flight over HTTPS: upstream's 400 reading and 200 writing together. */
  requestsInFlightMax: 600,
  /** A connection without requests is closed: upstream's 90 seconds. */
  idleConnectionMsMax: 90 * 1000,
  /** Streams of one HTTP/2 connection: Go's 250; ours is raised so that 1,000 watches of one informer factory fit. */
  http2StreamsMax: 1000,
  /** Clients that a node remembers per endpoint of a Service with session affinity; the kernel module's default (`ip_list_tot` of xt_recent). */
  affinityClientsPerEndpointMax: 100,
  /** Processes of one container, or of all that share theirs: Red Hat's default of `podPidsLimit`; a shell that waits takes 40 KB. Above it nobody can fork. */
  processesMax: 4096,
  /** Aliases (ExternalName) followed one after another for one question, as CoreDNS does. */
  dnsAliasesMax: 8,
} as const;
