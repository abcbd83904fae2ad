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
	 * Decides about the current request.
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
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Request_Gate $gate     Decides about the current request.
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
		// After core's cookie check at 10, which throws away an id set earlier, and application passwords at 20.
		add_filter( 'determine_current_user', array( $this, 'determine_user' ), 30 );
		// Before core's own checks at 90 and 100, which leave an answer that is there as it is.
		add_filter( 'rest_authentication_errors', array( $this, 'report_error' ), 5 );
		add_filter( 'rest_post_dispatch', array( $this, 'forbid_caching' ), 10, 3 );
		add_filter( 'nocache_headers', array( $this, 'keep_own_caching_header' ) );

		// What page caches agreed on to leave a request alone.
		if ( $this->gate->request()->is_signed() && ! defined( 'DONOTCACHEPAGE' ) ) {
			define( 'DONOTCACHEPAGE', true );
		}
	}

	/**
	 * The mapped user for a request that is signed right; nobody for one that is signed wrong.
	 *
	 * @param int|false $user_id Who WordPress takes the user for so far.
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
	 * Refuses a REST request that is signed wrong. Without this WordPress would go on and answer it as
	 * a visitor's.
	 *
	 * @param WP_Error|true|null $result What other checks said.
	 * @return WP_Error|true|null
	 */
	public function report_error( $result ) {
		if ( ! $this->gate->request()->is_signed() || is_wp_error( $result ) ) {
			return $result;
		}
		$verdict = $this->gate->verdict();
		if ( is_wp_error( $verdict ) ) {
			return $verdict;
		}
		if ( ! $this->settings->get( 'plugin_connection_enabled' ) && ! self::is_about_connection() ) {
			return Sitebridge_Request_Gate::refusal( 'sitebridge_connection_disabled', __( 'The connection is switched off under Settings > Sitebridge.', 'sitebridge-connector' ), 403 );
		}
		// For an address that did not look like REST, but is.
		if ( get_current_user_id() !== $verdict->ID ) {
			wp_set_current_user( $verdict->ID );
		}

		return true;
	}

	/**
	 * Keeps answers out of every cache: a stored one would answer for us later.
	 *
	 * @param WP_HTTP_Response $response The answer.
	 * @param WP_REST_Server   $server   Not needed.
	 * @param WP_REST_Request  $request  What was asked.
	 * @return WP_HTTP_Response
	 */
	public function forbid_caching( $response, $server, $request ) {
		if ( $this->gate->request()->is_signed() || 0 === strpos( $request->get_route(), '/' . Sitebridge_Rest_Routes::REST_NAMESPACE ) ) {
			$response->header( 'Cache-Control', 'no-store' );
		}

		return $response;
	}

	/**
	 * WordPress sends these after the answer's own headers to whoever is logged in; before 6.3 without
	 * `no-store`, so that they would let caches keep the answer.
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
	 * Whether the request is for one of the routes that answer with the connection switched off too: they
	 * tell nothing of the content, and the server learns from them that it is off.
	 *
	 * @return bool
	 */
	private static function is_about_connection() {
		$route = isset( $GLOBALS['wp']->query_vars['rest_route'] ) ? $GLOBALS['wp']->query_vars['rest_route'] : '';

		return is_string( $route ) && in_array( untrailingslashit( $route ), array( '/' . Sitebridge_Rest_Routes::REST_NAMESPACE . '/ping', '/' . Sitebridge_Rest_Routes::REST_NAMESPACE . '/structure' ), true );
	}
}
