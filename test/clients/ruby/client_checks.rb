# What a user of Debian's ruby-kubeclient does with a cluster. Prints one JSON line per check: its name, and what was seen.
require 'json'
require 'kubeclient'

NAMESPACE = 'default'.freeze

class Checks
  def initialize(kubeconfig)
    @context = Kubeclient::Config.read(kubeconfig).context
    @core = connect('v1')
  end

  # ssl_options of the context hold the CA and the certificate that the kubeconfig carries inline.
  def connect(version, path = '')
    Kubeclient::Client.new(@context.api_endpoint + path, version, ssl_options: @context.ssl_options, auth_options: @context.auth_options)
  end

  def pod(name, script)
    Kubeclient::Resource.new(
      metadata: { name: name, namespace: NAMESPACE, labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', script] }] }
    )
  end

  def config_map(name, data = {})
    Kubeclient::Resource.new(metadata: { name: name, namespace: NAMESPACE, labels: { 'made-by': 'ruby' } }, data: data)
  end

  # The Status that a refused call carries, in short.
  def refused
    yield
    nil
  rescue Kubeclient::HttpError => e
    status = JSON.parse(e.response.body)
    { class: e.class.name, http: e.error_code, kind: status['kind'], reason: status['reason'], code: status['code'], message: e.message }
  end

  # Events until the block says that it has seen enough, or the server ends the watch.
  def watch(options)
    watcher = @core.watch_entities(options.delete(:plural), options)
    watcher.each do |notice|
      if yield(notice) == :enough
        watcher.finish
        break
      end
    end
  end

  def wait_running(name)
    watch(plural: 'pods', namespace: NAMESPACE, field_selector: "metadata.name=#{name}") { |notice| :enough if notice.object.status.phase == 'Running' }
  end

  def discovery
    @core.discover
    kinds = @core.instance_variable_get(:@entities).keys
    { pod: kinds.include?('pod'), valid: @core.api_valid?, nodes: @core.get_nodes.map { |one| one.metadata.name } }
  end

  def crud
    made = @core.create_config_map(config_map('crud', colour: 'blue'))
    read = @core.get_config_map('crud', NAMESPACE)
    read.data.colour = 'red'
    replaced = @core.update_config_map(read)
    stale = refused { @core.update_config_map(made) }
    deleted = @core.delete_config_map('crud', NAMESPACE, delete_options: { preconditions: { uid: made.metadata.uid } })
    {
      data: [made.data.to_h, replaced.data.to_h], sameUid: made.metadata.uid == replaced.metadata.uid,
      stale: stale[:reason], deleted: deleted.status, after: refused { @core.get_config_map('crud', NAMESPACE) }
    }
  end

  def pages
    7.times { |number| @core.create_config_map(config_map("page-#{number}")) }
    found = []
    sizes = []
    token = nil
    loop do
      page = @core.get_config_maps(namespace: NAMESPACE, limit: 3, continue: token)
      found += page.map { |one| one.metadata.name }.select { |name| name.start_with?('page-') }
      sizes << page.size
      token = page.continue
      break if page.last?
    end
    { found: found, sizes: sizes }
  end

  # The server ends each watch after a second; the next one goes on from the last version seen, and nothing is missed.
  def watch_resumes
    since = @core.get_config_maps(namespace: NAMESPACE).resourceVersion
    seen = []
    3.times do |round|
      @core.create_config_map(config_map("watched-#{round}"))
      limited_watch(since).each do |event|
        since = event['object']['metadata']['resourceVersion']
        seen << [event['type'], event['object']['metadata']['name']]
      end
    end
    { seen: seen }
  end

  # kubeclient has no word for a time limit, so the address carries it.
  def limited_watch(since)
    uri = URI("#{@context.api_endpoint}/api/v1/namespaces/#{NAMESPACE}/configmaps?watch=true&timeoutSeconds=1&resourceVersion=#{since}")
    Kubeclient::Common::WatchStream.new(uri, @core.send(:http_options, uri), formatter: ->(line) { JSON.parse(line) })
  end

  # By name, below the old `watch/` prefix, where this client asks for all its watches.
  def watch_one
    seen = nil
    @core.watch_entities('configmaps', namespace: NAMESPACE, name: 'page-0').each do |notice|
      seen = [notice.type, notice.object.metadata.name]
      break
    end
    { seen: seen }
  end

  def watch_expired
    watch(plural: 'configmaps', namespace: NAMESPACE, resource_version: '1') do |notice|
      return { type: notice.type, code: notice.object.code, reason: notice.object.reason, message: notice.object.message }
    end
  rescue Kubeclient::HttpError => e
    { http: e.error_code }
  end

  def patches
    @core.create_pod(pod('patched', 'sleep 1000'))
    json = @core.json_patch_pod('patched', [{ op: 'add', path: '/metadata/labels/step', value: 'json' }], NAMESPACE)
    merge = @core.merge_patch_pod('patched', { metadata: { labels: { step: nil, merged: 'yes' } } }, NAMESPACE)
    strategic = @core.patch_pod('patched', { spec: { containers: [{ name: 'main', image: 'busybox:1.35' }] } }, NAMESPACE)
    whole = { apiVersion: 'v1', kind: 'ConfigMap' }.merge(config_map('applied', a: '1').to_h)
    applied = @core.apply_config_map(whole, field_manager: 'ruby')
    managers = applied.metadata.managedFields.map { |one| [one.manager, one.operation] }
    container = strategic.spec.containers.first
    { json: json.metadata.labels.to_h, merge: merge.metadata.labels.to_h, strategic: [container.image, container.command.first], apply: managers }
  end

  def errors
    @core.create_config_map(config_map('twice'))
    {
      missing: refused { @core.get_pod('nobody', NAMESPACE) },
      twice: refused { @core.create_config_map(config_map('twice')) },
      invalid: refused { @core.create_pod(pod('Wrong', 'true')) }
    }
  end

  def logs
    @core.create_pod(pod('talker', 'for n in 1 2 3; do echo line $n; done; sleep 1000'))
    wait_running('talker')
    followed = []
    watcher = @core.watch_pod_log('talker', NAMESPACE)
    watcher.each do |line|
      followed << line
      watcher.finish if followed.size == 3
    end
    { all: @core.get_pod_log('talker', NAMESPACE).body, tail: @core.get_pod_log('talker', NAMESPACE, tail_lines: 1).body, followed: followed }
  end

  def rollout
    apps = connect('v1', '/apis/apps')
    labels = { app: 'web' }
    spec = pod('web', 'sleep 1000').to_h[:spec]
    template = { metadata: { labels: labels }, spec: spec }
    deployment = { metadata: { name: 'web', namespace: NAMESPACE }, spec: { replicas: 2, selector: { matchLabels: labels }, template: template } }
    apps.create_deployment(Kubeclient::Resource.new(deployment))
    apps.watch_entities('deployments', namespace: NAMESPACE).each { |notice| break if notice.object.status.readyReplicas == 2 }
    pods = @core.get_pods(namespace: NAMESPACE, label_selector: 'app=web')
    { pods: pods.size, owners: pods.map { |one| one.metadata.ownerReferences.first.kind }.uniq }
  end
end

CHECKS = %i[discovery crud pages watch_resumes watch_one watch_expired patches errors logs rollout].freeze

$stdout.sync = true
checks = Checks.new(ARGV.fetch(0))
CHECKS.each do |name|
  begin
    result = checks.send(name)
  rescue StandardError => e # One check that fails says so and leaves the others their turn.
    result = { failed: "#{e.class}: #{e.message}", at: e.backtrace.first(3) }
  end
  puts JSON.generate(check: name, result: result)
end
