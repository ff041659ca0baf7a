"""What a user of Debian's python3-kubernetes does with a cluster. Prints one JSON line per check: its name, and what was seen."""
import json
import sys
import threading
import time

from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import stream

NAMESPACE = "default"


def pod(name, script, **spec):
    container = {"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": {"containers": [container], **spec}}


def config_map(name, **data):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels={"made-by": "python"}), data=data)


def refused(call, *args, **kwargs):
    """The Status that a refused call carries, in short."""
    try:
        call(*args, **kwargs)
    except ApiException as error:
        status = json.loads(error.body)
        return {"http": error.status, **{key: status.get(key) for key in ("kind", "status", "reason", "message", "code")}}
    return None


def wait_running(core, name):
    for event in watch.Watch().stream(core.list_namespaced_pod, NAMESPACE, field_selector="metadata.name=" + name, timeout_seconds=30):
        if event["object"].status.phase == "Running":
            return event["object"]
    raise RuntimeError(name + " does not run")


def version_and_nodes(core):
    version = client.VersionApi().get_code()
    nodes = core.list_node().items
    return {"minor": version.minor, "nodes": [one.metadata.name for one in nodes], "created": nodes[0].metadata.creation_timestamp.tzinfo is not None}


def crud(core):
    made = core.create_namespaced_config_map(NAMESPACE, config_map("crud", colour="blue"))
    read = core.read_namespaced_config_map("crud", NAMESPACE)
    read.data["colour"] = "red"
    replaced = core.replace_namespaced_config_map("crud", NAMESPACE, read)
    stale = refused(core.replace_namespaced_config_map, "crud", NAMESPACE, made)
    deleted = core.delete_namespaced_config_map("crud", NAMESPACE, body=client.V1DeleteOptions(preconditions=client.V1Preconditions(uid=made.metadata.uid)))
    return {
        "data": [made.data, replaced.data],
        "sameUid": made.metadata.uid == replaced.metadata.uid,
        "moved": made.metadata.resource_version != replaced.metadata.resource_version,
        "stale": stale["reason"],
        "deleted": deleted.status,
        "after": refused(core.read_namespaced_config_map, "crud", NAMESPACE),
    }


def pages(core):
    for number in range(7):
        core.create_namespaced_config_map(NAMESPACE, config_map("page-%d" % number))
    found, sizes, remaining, token, versions = [], [], [], None, set()
    while True:
        page = core.list_namespaced_config_map(NAMESPACE, field_selector=None, limit=3, **({"_continue": token} if token else {}))
        found += [one.metadata.name for one in page.items if one.metadata.name.startswith("page-")]
        sizes.append(len(page.items))
        remaining.append(page.metadata.remaining_item_count)
        versions.add(page.metadata.resource_version)
        token = page.metadata._continue
        if not token:
            break
    core.delete_collection_namespaced_config_map(NAMESPACE, label_selector="made-by=python")
    left = core.list_namespaced_config_map(NAMESPACE, label_selector="made-by=python").items
    return {"found": found, "sizes": sizes, "remaining": remaining, "versions": len(versions), "left": len(left)}


def watch_resumes(core):
    """The server ends each watch after a second; the client asks again from where it was, and misses nothing."""
    since = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    seen, ended = [], 0
    watcher = watch.Watch()
    watcher.resource_version = since
    for round_number in range(3):
        core.create_namespaced_config_map(NAMESPACE, config_map("watched-%d" % round_number))
        for event in watcher.stream(core.list_namespaced_config_map, NAMESPACE, resource_version=watcher.resource_version, timeout_seconds=1):
            seen.append([event["type"], event["object"].metadata.name])
        ended += 1
    core.delete_namespaced_config_map("watched-0", NAMESPACE)
    for event in watcher.stream(core.list_namespaced_config_map, NAMESPACE, resource_version=watcher.resource_version):
        seen.append([event["type"], event["object"].metadata.name])
        watcher.stop()
    return {"seen": seen, "ended": ended}


def watch_expired(core):
    """A version from before all history: the client retries once by itself, then hands the 410 to its user."""
    try:
        for event in watch.Watch().stream(core.list_namespaced_config_map, NAMESPACE, resource_version="1"):
            return {"event": event["type"]}
    except ApiException as error:
        return {"status": error.status, "reason": error.reason}


def patches(core):
    core.create_namespaced_pod(NAMESPACE, pod("patched", "sleep 1000"))
    json_patch = core.patch_namespaced_pod("patched", NAMESPACE, [{"op": "add", "path": "/metadata/labels/step", "value": "json"}])
    strategic = core.patch_namespaced_pod("patched", NAMESPACE, {"spec": {"containers": [{"name": "main", "image": "busybox:1.35"}]}})
    api = client.CustomObjectsApi()
    merged = api.api_client.call_api(
        "/api/v1/namespaces/default/pods/patched",
        "PATCH",
        header_params={"Content-Type": "application/merge-patch+json", "Accept": "application/json"},
        body={"metadata": {"labels": {"step": None, "merged": "yes"}}},
        response_type="object",
        auth_settings=["BearerToken"],
        _return_http_data_only=True,
    )
    applied = api.api_client.call_api(
        "/api/v1/namespaces/default/configmaps/applied",
        "PATCH",
        query_params=[("fieldManager", "python")],
        header_params={"Content-Type": "application/apply-patch+yaml", "Accept": "application/json"},
        # As text: the client knows no other form of a type that is not JSON.
        body=json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"a": "1"}}),
        response_type="object",
        auth_settings=["BearerToken"],
        _return_http_data_only=True,
    )
    core.delete_namespaced_pod("patched", NAMESPACE, grace_period_seconds=0)
    managers = [[one["manager"], one["operation"]] for one in applied["metadata"]["managedFields"]]
    container = strategic.spec.containers[0]
    return {"json": json_patch.metadata.labels, "strategic": [container.image, container.command[0]], "merge": merged["metadata"]["labels"], "apply": managers}


def errors(core):
    core.create_namespaced_config_map(NAMESPACE, config_map("twice"))
    bad = pod("Wrong", "true")
    del bad["spec"]["containers"][0]["image"]
    return {
        "missing": refused(core.read_namespaced_pod, "nobody", NAMESPACE),
        "twice": refused(core.create_namespaced_config_map, NAMESPACE, config_map("twice")),
        "invalid": refused(core.create_namespaced_pod, NAMESPACE, bad),
        "namespace": refused(core.create_namespaced_config_map, "nowhere", config_map("lost")),
    }


def logs(core):
    core.create_namespaced_pod(NAMESPACE, pod("talker", "for n in 1 2 3; do echo line $n; done; sleep 1000"))
    wait_running(core, "talker")
    followed = []
    watcher = watch.Watch()
    for line in watcher.stream(core.read_namespaced_pod_log, "talker", NAMESPACE):
        followed.append(line)
        if len(followed) == 3:
            watcher.stop()
    return {
        "all": core.read_namespaced_pod_log("talker", NAMESPACE),
        "tail": core.read_namespaced_pod_log("talker", NAMESPACE, tail_lines=1),
        "followed": followed,
        "noContainer": refused(core.read_namespaced_pod_log, "talker", NAMESPACE, container="other"),
    }


def execs(core):
    """In the pod of the check before."""
    began = time.monotonic()
    once = stream(core.connect_get_namespaced_pod_exec, "talker", NAMESPACE, command=["sh", "-c", "echo out; echo err >&2"], stdout=True, stderr=True, stdin=False, tty=False)
    # This client polls its socket before each frame: one that is left over in the TLS library's buffer keeps it waiting.
    quick = time.monotonic() - began < 5
    shell = stream(
        core.connect_get_namespaced_pod_exec, "talker", NAMESPACE, command=["sh"], stdin=True, stdout=True, stderr=True, tty=False, _preload_content=False
    )
    shell.write_stdin("echo hello from $((6 * 7))\n")
    answer = shell.readline_stdout(timeout=10)
    shell.write_stdin("exit 3\n")
    shell.run_forever(timeout=10)
    code = shell.returncode
    shell.close()
    return {"once": sorted(once.split()), "quick": quick, "answer": answer, "code": code}


def rollout(core):
    apps = client.AppsV1Api()
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod("web", "sleep 1000")["spec"]}
    apps.create_namespaced_deployment(NAMESPACE, {"metadata": {"name": "web"}, "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}})
    apps.patch_namespaced_deployment_scale("web", NAMESPACE, {"spec": {"replicas": 2}})
    for event in watch.Watch().stream(apps.list_namespaced_deployment, NAMESPACE, timeout_seconds=30):
        if event["object"].status.ready_replicas == 2:
            break
    pods = core.list_namespaced_pod(NAMESPACE, label_selector="app=web").items
    return {"pods": len(pods), "owners": sorted({one.metadata.owner_references[0].kind for one in pods})}


def threads(core):
    """Many at a time over one pool of connections."""
    names, lock = [], threading.Lock()

    def make(number):
        made = core.create_namespaced_config_map(NAMESPACE, config_map("thread-%d" % number))
        with lock:
            names.append(made.metadata.name)

    running = [threading.Thread(target=make, args=(number,)) for number in range(20)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    return {"made": len(set(names))}


CHECKS = [version_and_nodes, crud, pages, watch_resumes, watch_expired, patches, errors, logs, execs, rollout, threads]


def main():
    config.load_kube_config(sys.argv[1])
    core = client.CoreV1Api()
    for check in CHECKS:
        try:
            result = check(core)
        except Exception as error:  # One check that fails says so and leaves the others their turn.
            result = {"failed": "%s: %s" % (type(error).__name__, error)}
        print(json.dumps({"check": check.__name__, "result": result}), flush=True)


main()
