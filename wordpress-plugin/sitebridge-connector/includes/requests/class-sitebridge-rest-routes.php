<?php
/**
 * The plugin's own REST routes.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * `GET sitebridge/v1/ping`, which answers POST too, and `GET sitebridge/v1/structure`.
 */
final class Sitebridge_Rest_Routes {

	const REST_NAMESPACE = 'sitebridge/v1';

	/**
	 * Decides whether the current request is accepted.
	 *
	 * @var Sitebridge_Request_Gate
	 */
	private $gate;

	/**
	 * The site's structure.
	 *
	 * @var Sitebridge_Structure
	 */
	private $structure;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Request_Gate $gate      Decides whether the current request is accepted.
	 * @param Sitebridge_Structure    $structure The site's structure.
	 */
	public function __construct( Sitebridge_Request_Gate $gate, Sitebridge_Structure $structure ) {
		$this->gate      = $gate;
		$this->structure = $structure;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		add_action( 'rest_api_init', array( $this, 'register_routes' ) );
	}

	/**
	 * Registers the routes.
	 */
	public function register_routes() {
		$methods = array(
			// By a POST the server learns whether the host lets writes pass.
			'ping'      => WP_REST_Server::READABLE . ',' . WP_REST_Server::CREATABLE,
			'structure' => WP_REST_Server::READABLE,
		);
		foreach ( $methods as $route => $allowed ) {
			register_rest_route(
				self::REST_NAMESPACE,
				'/' . $route,
				array(
					'methods'             => $allowed,
					'callback'            => self::answering( array( $this, $route ) ),
					'permission_callback' => array( $this, 'check_permission' ),
				)
			);
		}
	}

	/**
	 * Wraps a route's callback, so that a database failure becomes an error response.
	 *
	 * @param callable $answer The callback; it may throw a RuntimeException.
	 * @return callable
	 */
	public static function answering( $answer ) {
		return static function ( $request ) use ( $answer ) {
			try {
				return $answer( $request );
			} catch ( RuntimeException $error ) {
				return new WP_Error( 'sitebridge_database_failed', __( 'The database of this site could not answer.', 'sitebridge-connector' ), array( 'status' => 500 ) );
			}
		};
	}

	/**
	 * Allows only signed requests. A logged-in administrator is refused too.
	 *
	 * @return true|WP_Error
	 */
	public function check_permission() {
		$verdict = $this->gate->verdict();

		return is_wp_error( $verdict ) ? $verdict : true;
	}

	/**
	 * Reports that the connection works, the versions on this site, and the mapped user's capabilities.
	 *
	 * @return array
	 * @throws RuntimeException When the database fails.
	 */
	public function ping() {
		$user         = wp_get_current_user();
		$capabilities = array();
		foreach ( Sitebridge_Mapped_User::CAPABILITIES as $capability ) {
			$capabilities[ $capability ] = $user->has_cap( $capability );
		}

		return array(
			'ok'                => true,
			'nonce'             => $this->gate->request()->nonce,
			'site_id'           => (int) $this->gate->request()->site,
			'plugin_version'    => SITEBRIDGE_CONNECTOR_VERSION,
			// This plugin identifies the server's contents by keys, not only by numbers.
			'links'             => 'key',
			'signatures'        => Sitebridge_Signed_Request::VERSIONS,
			'last_operation'    => Sitebridge_Server::last_operation(),
			'wordpress_version' => get_bloginfo( 'version' ),
			'php_version'       => PHP_VERSION,
			'name'              => html_entity_decode( get_bloginfo( 'name' ), ENT_QUOTES, 'UTF-8' ),
			'home_url'          => home_url(),
			'site_url'          => site_url(),
			'rest_url'          => rest_url(),
			'multisite'         => is_multisite(),
			'time'              => time(),
			'user'              => array(
				'id'           => $user->ID,
				'roles'        => array_values( $user->roles ),
				'capabilities' => $capabilities,
			),
		);
	}

	/**
	 * The site's structure, as the plugin also sends it to the server.
	 *
	 * @return array
	 */
	public function structure() {
		return $this->structure->read();
	}
}
