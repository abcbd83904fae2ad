<?php
/**
 * Lets signed requests act as the mapped user on the whole REST API.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Hooks the gate's decision into WordPress's authentication.
 */
final class Sitebridge_Rest_Authentication {

	/**
	 * Decides whether the current request is accepted.
	 *
	 * @var Sitebridge_Request_Gate
	 */
	private $gate;

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Request_Gate $gate     Decides whether the current request is accepted.
	 * @param Sitebridge_Settings     $settings The stored connection.
	 */
	public function __construct( Sitebridge_Request_Gate $gate, Sitebridge_Settings $settings ) {
		$this->gate     = $gate;
		$this->settings = $settings;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		// Runs after core's cookie check (priority 10), which discards a user id set earlier, and after
		// application passwords (20).
		add_filter( 'determine_current_user', array( $this, 'determine_user' ), 30 );
		// Runs before core's own checks (priorities 90 and 100), which keep an existing result.
		add_filter( 'rest_authentication_errors', array( $this, 'report_error' ), 5 );
		// Plugins in between may drop a refusal: "Admin Site Enhancements" does so for users who are signed in.
		add_filter( 'rest_authentication_errors', array( $this, 'report_error' ), PHP_INT_MAX );
		add_filter( 'rest_post_dispatch', array( $this, 'forbid_caching' ), 10, 3 );
		add_filter( 'rest_post_dispatch', array( 'Sitebridge_Seen_Request', 'shown_in' ) );
		add_filter( 'nocache_headers', array( $this, 'keep_own_caching_header' ) );

		// Page cache plugins skip a request when this constant is set.
		if ( $this->gate->request()->is_signed() && ! defined( 'DONOTCACHEPAGE' ) ) {
			define( 'DONOTCACHEPAGE', true );
		}
	}

	/**
	 * The mapped user for a request with a valid signature; no user for an invalid signature.
	 *
	 * @param int|false $user_id The user that WordPress has determined so far.
	 * @return int|false
	 */
	public function determine_user( $user_id ) {
		if ( ! $this->gate->request()->is_signed() || ! $this->gate->request()->is_rest() ) {
			return $user_id;
		}
		$verdict = $this->gate->verdict();

		return $verdict instanceof WP_User ? $verdict->ID : false;
	}

	/**
	 * Refuses a REST request with an invalid signature. Otherwise WordPress would answer it as a visitor's
	 * request.
	 *
	 * @param WP_Error|true|null $result The result of other checks.
	 * @return WP_Error|true|null
	 */
	public function report_error( $result ) {
		if ( ! $this->gate->request()->is_signed() || is_wp_error( $result ) ) {
			return $result;
		}
		$verdict = $this->gate->verdict();
		$refusal = is_wp_error( $verdict ) ? $verdict : $this->gate->led_elsewhere();
		if ( null !== $refusal ) {
			return $refusal;
		}
		if ( ! $this->settings->get( 'plugin_connection_enabled' ) && ! self::is_about_connection() ) {
			return Sitebridge_Request_Gate::refusal( 'sitebridge_connection_disabled', __( 'The connection is switched off under Settings > Sitebridge.', 'sitebridge-connector' ), 403 );
		}
		// The address did not look like the REST API, so determine_user() skipped this request.
		if ( get_current_user_id() !== $verdict->ID ) {
			wp_set_current_user( $verdict->ID );
		}

		return true;
	}

	/**
	 * Keeps responses out of every cache. A cache would answer later requests in place of this site.
	 *
	 * @param WP_HTTP_Response $response The response.
	 * @param WP_REST_Server   $server   Not needed.
	 * @param WP_REST_Request  $request  The request.
	 * @return WP_HTTP_Response
	 */
	public function forbid_caching( $response, $server, $request ) {
		if ( $this->gate->request()->is_signed() || 0 === strpos( $request->get_route(), '/' . Sitebridge_Rest_Routes::REST_NAMESPACE ) ) {
			$response->header( 'Cache-Control', 'no-store' );
		}

		return $response;
	}

	/**
	 * Restores `no-store` for signed requests. WordPress sends its own caching headers to logged-in users,
	 * after the response's headers. Before WordPress 6.3 these lack `no-store`, so that caches could keep the
	 * response.
	 *
	 * @param array $headers WordPress's headers against caching, by name.
	 * @return array
	 */
	public function keep_own_caching_header( $headers ) {
		if ( $this->gate->request()->is_signed() ) {
			$headers['Cache-Control'] = 'no-store';
		}

		return $headers;
	}

	/**
	 * Whether the request is for a route that also answers while the connection is switched off. These routes
	 * reveal no content, and they tell the server that the connection is off.
	 *
	 * @return bool
	 */
	private static function is_about_connection() {
		$route = isset( $GLOBALS['wp']->query_vars['rest_route'] ) ? $GLOBALS['wp']->query_vars['rest_route'] : '';

		return is_string( $route ) && in_array( untrailingslashit( $route ), array( '/' . Sitebridge_Rest_Routes::REST_NAMESPACE . '/ping', '/' . Sitebridge_Rest_Routes::REST_NAMESPACE . '/structure' ), true );
	}
}
