/** Namespace, pod and container from the paths that the kubelet gives to log files. */

const POD = /^\/var\/log\/pods\/([^/_]+)_([^/_]+)_([^/_]+)\/([^/]+)\/[^/]+$/;
const CONTAINER = /^\/var\/log\/containers\/([^/_]+)_([^/_]+)_(.+)-[0-9a-f]{64}\.log$/;

/** Fields for the records of a file; none where its path is of another kind. */
export function kubernetesFields(path: string): Record<string, string> {
  const pod = POD.exec(path);
  if (pod !== null) {
    const [, namespace, name, uid, container] = pod;
    return fieldsOf(namespace, name, container, uid);
  }
  const link = CONTAINER.exec(path);
  if (link === null) return {};
  const [, name, namespace, container] = link;
  return fieldsOf(namespace, name, container);
}

function fieldsOf(namespace: string, pod: string, container: string, uid?: string) {
  return {
    "kubernetes.namespace": namespace,
    "kubernetes.pod.name": pod,
    "kubernetes.container.name": container,
    ...(uid === undefined ? {} : { "kubernetes.pod.uid": uid }),
  };
}
