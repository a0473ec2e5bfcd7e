# Who the collector is. It has no key: Cloud Run lends it its identity.
resource "google_service_account" "collector" {
  account_id   = "${var.name}-collector"
  display_name = "Cadastre collector: reads networks, machines and addresses"
}

# Who starts it, and can do nothing else.
resource "google_service_account" "scheduler" {
  account_id   = "${var.name}-scheduler"
  display_name = "Starts the Cadastre collector"
}

resource "google_cloud_run_v2_job_iam_member" "scheduler" {
  name     = google_cloud_run_v2_job.collector.name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.scheduler.member
}

# The role, where the projects are: in the organization, or in each project.
resource "google_organization_iam_custom_role" "reader" {
  count = local.role_organization != null ? 1 : 0

  org_id      = local.role_organization
  role_id     = "${replace(var.name, "-", "_")}_reader"
  title       = "Cadastre reader"
  description = "Reads networks, subnetworks, instances and addresses. It can change nothing."
  permissions = local.permissions
}

resource "google_organization_iam_member" "reader" {
  count = var.organization != null ? 1 : 0

  org_id = var.organization
  role   = google_organization_iam_custom_role.reader[0].name
  member = google_service_account.collector.member
}

resource "google_folder_iam_member" "reader" {
  count = var.folder != null ? 1 : 0

  folder = "folders/${var.folder}"
  role   = google_organization_iam_custom_role.reader[0].name
  member = google_service_account.collector.member
}

resource "google_project_iam_custom_role" "reader" {
  for_each = toset(var.projects)

  project     = each.value
  role_id     = "${replace(var.name, "-", "_")}_reader"
  title       = "Cadastre reader"
  description = "Reads networks, subnetworks, instances and addresses. It can change nothing."
  permissions = local.project_permissions
}

resource "google_project_iam_member" "reader" {
  for_each = toset(var.projects)

  project = each.value
  role    = google_project_iam_custom_role.reader[each.value].name
  member  = google_service_account.collector.member
}
