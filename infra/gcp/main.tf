locals {
  # What docs/permissions/gcp-reader.yaml lists, and nothing else.
  permissions = yamldecode(file("${path.module}/../../docs/permissions/gcp-reader.yaml")).includedPermissions

  # Folders are none of a project's: a role in a project cannot have this permission.
  project_permissions = [for permission in local.permissions : permission if !startswith(permission, "resourcemanager.")]

  role_organization = var.organization != null ? var.organization : var.folder_organization

  signing_key_folder = "/signing-key"
  signing_key_file   = "key.pem"
  timeout_seconds    = 1800

  # Objects of different attributes cannot be the two sides of a condition, so the one that is set is picked out.
  where = { for name, value in {
    COLLECT_GCP_ORGANIZATION = var.organization
    COLLECT_GCP_FOLDER       = var.folder
    COLLECT_GCP_PROJECTS     = length(var.projects) > 0 ? join(",", var.projects) : null
  } : name => value if value != null }

  # What is left to the collector's own default is not set.
  settings = { for name, value in {
    COLLECT_SCOPE_DEADLINE_SECONDS = var.scope_seconds
    COLLECT_CONCURRENCY            = var.concurrency
    COLLECT_PAGE_SIZE              = var.page_size
  } : name => tostring(value) if value != null }

  labels = merge(var.labels, { application = "cadastre", deployment = var.name })

  environment = merge(local.where, local.settings, {
    DEPLOYMENT_NAME         = var.name
    CADASTRE_API            = var.api
    COLLECTOR_NAME          = var.collector
    COLLECT_SCHEDULE        = var.schedule
    SIGNING_KEY_FILE        = "${local.signing_key_folder}/${local.signing_key_file}"
    COLLECT_TIMEOUT_SECONDS = tostring(local.timeout_seconds)
  })
}

# On everything that can have labels.
provider "google" {
  project        = var.project
  region         = var.region
  default_labels = local.labels
}

resource "google_project_service" "needed" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "compute.googleapis.com",
    "iam.googleapis.com",
    "monitoring.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
  ])

  service            = each.value
  disable_on_destroy = false
}

# Where the collector's image is. A tag stays what it was: what is deployed is named by its digest anyway.
resource "google_artifact_registry_repository" "images" {
  location      = var.region
  repository_id = var.name
  format        = "DOCKER"
  description   = "Images of the Cadastre collector"

  docker_config {
    immutable_tags = true
  }

  depends_on = [google_project_service.needed]
}

# The signing key. Its value is added by hand, so that it is in no state file:
#   gcloud secrets versions add cadastre-signing-key --data-file key.pem
resource "google_secret_manager_secret" "signing_key" {
  secret_id = "${var.name}-signing-key"

  replication {
    auto {}
  }

  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_iam_member" "signing_key" {
  secret_id = google_secret_manager_secret.signing_key.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.collector.member
}

# One task, one run. A retry is just one more run: what the API knows already changes nothing, and runs of a scope are serialised.
resource "google_cloud_run_v2_job" "collector" {
  name                = "${var.name}-collect-gcp"
  location            = var.region
  deletion_protection = false

  template {
    task_count  = 1
    parallelism = 1

    template {
      service_account = google_service_account.collector.email
      timeout         = "${local.timeout_seconds}s"
      max_retries     = 1

      containers {
        image = var.image

        resources {
          limits = {
            cpu = "1"
            # The file system is in memory: what waits to be delivered counts.
            memory = "2Gi"
          }
        }

        dynamic "env" {
          for_each = local.environment

          content {
            name  = env.key
            value = env.value
          }
        }

        volume_mounts {
          name       = "signing-key"
          mount_path = local.signing_key_folder
        }
      }

      volumes {
        name = "signing-key"

        secret {
          secret = google_secret_manager_secret.signing_key.secret_id

          items {
            version = "latest"
            path    = local.signing_key_file
          }
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = var.image != null
      error_message = "Set image: the digest of what was pushed to the repository."
    }

    precondition {
      condition = length(compact([
        var.organization, var.folder, length(var.projects) > 0 ? "projects" : null,
      ])) == 1
      error_message = "Set exactly one of organization, folder and projects."
    }

    precondition {
      condition     = var.folder == null || var.folder_organization != null
      error_message = "A folder needs folder_organization: custom roles are made in organizations and projects only."
    }
  }

  depends_on = [google_project_service.needed, google_secret_manager_secret_iam_member.signing_key]
}

resource "google_cloud_scheduler_job" "collector" {
  name             = "${var.name}-collect-gcp"
  region           = var.region
  schedule         = var.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "60s"

  retry_config {
    retry_count = 3
  }

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.collector.id}:run"

    oauth_token {
      service_account_email = google_service_account.scheduler.email
    }
  }

  depends_on = [google_project_service.needed]
}
