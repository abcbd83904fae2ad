<?php
/**
 * Limits what signed requests may do.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Signed requests reach only the routes that the server's work needs, and have only the mapped user's rights
 * on content. So whoever finds the key cannot take over the site, even if the mapped user is an administrator.
 */
final class Sitebridge_Request_Rights {

	/**
	 * Capabilities that the mapped user does not have during a signed request. They are those that reach
	 * beyond content. `unfiltered_html` is not among them: without it WordPress removes parts of texts.
	 * https://wordpress.org/documentation/article/roles-and-capabilities/
	 */
	const WITHHELD = array(
		// Settings and data of the site.
		'manage_options',
		'edit_dashboard',
		'customize',
		'edit_css',
		'edit_theme_options',
		'export',
		'import',
		'unfiltered_upload',
		'view_site_health_checks',
		'export_others_personal_data',
		'erase_others_personal_data',
		// Code.
		'edit_files',
		'activate_plugin',
		'activate_plugins',
		'deactivate_plugin',
		'deactivate_plugins',
		'delete_plugins',
		'edit_plugins',
		'install_plugins',
		'resume_plugin',
		'resume_plugins',
		'update_plugins',
		'upload_plugins',
		'delete_themes',
		'edit_themes',
		'install_themes',
		'resume_theme',
		'resume_themes',
		'switch_themes',
		'update_themes',
		'upload_themes',
		'install_languages',
		'update_languages',
		'update_core',
		'update_php',
		'update_https',
		// Users. An application password would outlive the key.
		'add_users',
		'create_users',
		'delete_user',
		'delete_users',
		'edit_user',
		'edit_users',
		'list_users',
		'promote_user',
		'promote_users',
		'remove_user',
		'remove_users',
		'create_app_password',
		'list_app_passwords',
		'read_app_password',
		'edit_app_password',
		'delete_app_password',
		'delete_app_passwords',
		// The network.
		'create_sites',
		'delete_site',
		'delete_sites',
		'manage_sites',
		'manage_network',
		'manage_network_options',
		'manage_network_plugins',
		'manage_network_themes',
		'manage_network_users',
		'setup_network',
		'upgrade_network',
	);

	/**
	 * Capabilities on one post. For the page with the privacy policy, WordPress requires in addition that the
	 * user may manage options (map_meta_cap). That page is content like any other.
	 */
	const ON_A_POST = array( 'edit_post', 'edit_page', 'delete_post', 'delete_page', 'read_post', 'read_page', 'edit_post_meta', 'add_post_meta', 'delete_post_meta', 'manage_privacy_options' );

	/**
	 * Decides whether the current request is accepted.
	 *
	 * @var Sitebridge_Request_Gate
	 */
	private $gate;

	/**
	 * Knows the routes of the site's content.
	 *
	 * @var Sitebridge_Structure
	 */
	private $structure;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Request_Gate $gate      Decides whether the current request is accepted.
	 * @param Sitebridge_Structure    $structure Knows the routes of the site's content.
	 */
	public function __construct( Sitebridge_Request_Gate $gate, Sitebridge_Structure $structure ) {
		$this->gate      = $gate;
		$this->structure = $structure;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		// WordPress applies this filter to a network administrator too, who has all other rights unasked.
		add_filter( 'map_meta_cap', array( $this, 'withhold' ), PHP_INT_MAX, 3 );
		// Runs for each part of a batch too, and before the permission of a route is checked.
		add_filter( 'rest_request_before_callbacks', array( $this, 'refuse_other_routes' ), 1, 3 );
	}

	/**
	 * Withholds capabilities from the mapped user during a signed request.
	 *
	 * @param string[] $needed     The primitive capabilities that are needed.
	 * @param string   $capability The capability that was asked for.
	 * @param int      $user_id    The user.
	 * @return string[]
	 */
	public function withhold( $needed, $capability, $user_id ) {
		if ( $this->gate->accepted_user() !== (int) $user_id || 0 === (int) $user_id || in_array( $capability, self::ON_A_POST, true ) ) {
			return $needed;
		}
		$asked   = $needed;
		$asked[] = $capability;
		if ( array() !== array_intersect( $asked, self::WITHHELD ) ) {
			$needed[] = 'do_not_allow';
		}

		return $needed;
	}

	/**
	 * Refuses signed requests to routes that the server's work does not need.
	 *
	 * @param mixed           $response The response so far; usually null, or an error of a parameter.
	 * @param array           $handler  Not needed.
	 * @param WP_REST_Request $request  The request, or a part of a batch.
	 * @return mixed
	 */
	public function refuse_other_routes( $response, $handler, $request ) {
		if ( 0 === $this->gate->accepted_user() || $this->is_needed( $request->get_method(), $request->get_route() ) ) {
			return $response;
		}

		return Sitebridge_Request_Gate::refusal( 'sitebridge_route_refused', __( 'Signed requests reach only the content of this site, not this route.', 'sitebridge-connector' ), 403 );
	}

	/**
	 * Whether the server's work needs a route.
	 *
	 * @param string $method The HTTP method.
	 * @param string $route  Such as `/wp/v2/posts`.
	 * @return bool
	 */
	private function is_needed( $method, $route ) {
		$route = untrailingslashit( $route );
		if ( 0 === strpos( $route . '/', '/' . Sitebridge_Rest_Routes::REST_NAMESPACE . '/' ) ) {
			return true;
		}
		if ( in_array( $method, array( 'GET', 'HEAD' ), true ) ) {
			return 1 === preg_match( '#^/wp/v2/(users/me|(types|taxonomies|statuses)(/[\w-]+)?|media(/[0-9]+)?)$#D', $route ) || $this->is_content( $route );
		}
		if ( 'POST' === $method && in_array( $route, array( '/batch/v1', '/wp/v2/media' ), true ) ) {
			return true;
		}

		return in_array( $method, array( 'POST', 'PUT' ), true ) && $this->is_content( $route );
	}

	/**
	 * Whether a route is that of the posts or terms of the site's content, or of one of them.
	 *
	 * @param string $route Such as `/wp/v2/posts/12`.
	 * @return bool
	 */
	private function is_content( $route ) {
		return in_array( preg_replace( '#/[0-9]+$#D', '', $route ), $this->structure->routes(), true );
	}
}
