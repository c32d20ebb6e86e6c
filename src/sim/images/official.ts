/** Names of official library images that exist, beside those with a program of their own. Default command, where it is a shell. */
export const shellImages = ["debian", "ubuntu", "fedora", "centos", "rockylinux", "almalinux", "amazonlinux", "archlinux", "bash", "buildpack-deps", "oraclelinux", "photon", "docker"] as const;

export const serviceImages = [
  "adminer", "aerospike", "api-firewall", "arangodb", "backdrop", "bonita", "caddy", "cassandra", "chronograf", "clojure", "composer", "couchbase", "couchdb", "crate", "dart",
  "drupal", "eclipse-mosquitto", "eclipse-temurin", "eggdrop", "elasticsearch", "elixir", "emqx", "erlang", "flink", "fluentd", "friendica", "gazebo", "gcc", "geonetwork", "ghost",
  "golang", "gradle", "groovy", "haproxy", "haskell", "haxe", "hitch", "influxdb", "irssi", "jetty", "joomla", "jruby", "julia", "kapacitor", "kibana", "kong", "krakend",
  "lightstreamer", "liquibase", "logstash", "mageia", "mariadb", "matomo", "maven", "mediawiki", "memcached", "mongo", "mongo-express", "monica", "mysql", "nats",
  "nats-streaming", "neo4j", "neurodebian", "nextcloud", "node", "odoo", "open-liberty", "openjdk", "orientdb", "percona", "php", "php-zendserver", "phpmyadmin",
  "plone", "postfixadmin", "postgres", "pypy", "python", "r-base", "rabbitmq", "rakudo-star", "redmine", "registry", "rethinkdb", "rocket.chat", "ros", "ruby", "rust", "sapmachine",
  "satosa", "scratch", "silverpeas", "solr", "sonarqube", "spark", "spiped", "storm", "swift", "swipl", "teamspeak", "telegraf", "tomcat", "tomee", "traefik", "unit",
  "varnish", "websphere-liberty", "wordpress", "xwiki", "yourls", "znc", "zookeeper",
] as const;
