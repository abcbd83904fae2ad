<?php
/**
 * Saves one post for the server.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * One save of a post. The REST controller of its type writes the post itself, so that permissions, filters,
 * slashes, dates and hooks work as in any other edit. Terms, meta and featured image are set here: the
 * controller would stop at the first refused value and leave the post half saved.
 */
final class Sitebridge_Item_Save {

	/**
	 * Reads and writes meta.
	 *
	 * @var Sitebridge_Item_Fields
	 */
	private $fields;

	/**
	 * The route's input.
	 *
	 * @var array
	 */
	private $input;

	/**
	 * Writes posts of the type.
	 *
	 * @var WP_REST_Posts_Controller
	 */
	private $controller;

	/**
	 * The request to the controller.
	 *
	 * @var WP_REST_Request
	 */
	private $request;

	/**
	 * The post; null until it is created.
	 *
	 * @var WP_Post|null
	 */
	private $post;

	/**
	 * The guid of a post to create; null for an update.
	 *
	 * @var string|null
	 */
	private $guid = null;

	/**
	 * The terms for the post; null until they are needed. Missing terms are created only if nothing else is
	 * refused.
	 *
	 * @var Sitebridge_Item_Terms|null
	 */
	private $terms = null;

	/**
	 * Whether terms, meta and featured image were set.
	 *
	 * @var bool
	 */
	private $finished = false;

	/**
	 * The refused terms and values, each with `code` and `message`.
	 *
	 * @var array[]
	 */
	private $notes = array();

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Item_Fields $fields Reads and writes meta.
	 * @param array                  $input  The route's input; absent fields stay as they are.
	 * @param WP_Post|null           $post   The post to update; null for a create.
	 * @param array[]                $notes  The values that were refused before, each with `code` and `message`.
	 */
	public function __construct( Sitebridge_Item_Fields $fields, array $input, $post, array $notes = array() ) {
		$controller       = get_post_type_object( $input['type'] )->get_rest_controller();
		$this->fields     = $fields;
		$this->input      = $input;
		$this->post       = $post;
		$this->notes      = $notes;
		$this->controller = $controller instanceof WP_REST_Posts_Controller ? $controller : new WP_REST_Posts_Controller( $input['type'] );
		$this->request    = Sitebridge_Item_Request::of( $input, $post );
	}

	/**
	 * Whether the user may save the post with these values.
	 *
	 * @return true|WP_Error
	 */
	public function check_permission() {
		$allowed = null === $this->post ? $this->controller->create_item_permissions_check( $this->request ) : $this->controller->update_item_permissions_check( $this->request );
		if ( true === $allowed || is_wp_error( $allowed ) ) {
			return $allowed;
		}

		return new WP_Error( 'rest_forbidden', __( 'The user that requests act as may not do this.', 'sitebridge-connector' ), array( 'status' => 403 ) );
	}

	/**
	 * Creates the post.
	 *
	 * @param string $guid The guid to store with the post.
	 * @return true|WP_Error
	 */
	public function create( $guid ) {
		$this->guid = $guid;

		return $this->run( array( $this->controller, 'create_item' ) );
	}

	/**
	 * Updates the post.
	 *
	 * @return true|WP_Error
	 */
	public function update() {
		return $this->run( array( $this->controller, 'update_item' ) );
	}

	/**
	 * The post, as it was when it was saved.
	 *
	 * @return WP_Post|null
	 */
	public function post() {
		return $this->post;
	}

	/**
	 * The refused terms and values, each with `code` and `message`.
	 *
	 * @return array[]
	 */
	public function notes() {
		return $this->notes;
	}

	/**
	 * Filter: adds the guid and the categories to a new post before it is saved.
	 *
	 * @param stdClass|WP_Error $prepared The post to save.
	 * @param WP_REST_Request   $request  The request to the controller.
	 * @return stdClass|WP_Error
	 */
	public function prepare( $prepared, $request ) {
		if ( $request === $this->request && null !== $this->guid && ! is_wp_error( $prepared ) ) {
			$prepared->guid = $this->guid;
			// Core reads these two fields of a draft with a slug, and logs a warning if they are missing.
			$prepared->id          = 0;
			$prepared->post_parent = isset( $prepared->post_parent ) ? $prepared->post_parent : 0;
			$categories            = isset( $this->input['terms'] ) ? $this->terms()->assignable( 'category' ) : array();
			if ( array() !== $categories ) {
				// Otherwise WordPress would first assign the default category, and then remove it again.
				$prepared->post_category = $categories;
			}
		}

		return $prepared;
	}

	/**
	 * Action: sets terms, meta and featured image before other plugins learn that the post is saved.
	 *
	 * @param WP_Post         $post    The post.
	 * @param WP_REST_Request $request The request to the controller.
	 */
	public function finish( $post, $request ) {
		if ( $request !== $this->request || $this->finished ) {
			return;
		}
		$this->finished = true;
		$this->post     = $post;
		if ( isset( $this->input['terms'] ) ) {
			$this->add_notes( $this->terms()->set( $post ) );
		}
		if ( isset( $this->input['meta'] ) ) {
			$this->add_notes( Sitebridge_Item_Meta::set( $post, $this->fields->meta_fields( $post->post_type ), $this->input['meta'] ) );
		}
		if ( isset( $this->input['featured_media'] ) ) {
			$this->add_notes( Sitebridge_Item_Meta::set_picture( $post, $this->input['featured_media'] ) );
		}
	}

	/**
	 * Lets the controller save the post.
	 *
	 * @param callable $controller The controller's method.
	 * @return true|WP_Error
	 */
	private function run( $controller ) {
		$type = $this->input['type'];
		add_filter( "rest_pre_insert_{$type}", array( $this, 'prepare' ), 10, 2 );
		add_action( "rest_insert_{$type}", array( $this, 'finish' ), 1, 2 );
		try {
			$answer = call_user_func( $controller, $this->request );
		} finally {
			remove_filter( "rest_pre_insert_{$type}", array( $this, 'prepare' ) );
			remove_action( "rest_insert_{$type}", array( $this, 'finish' ), 1 );
		}
		if ( is_wp_error( $answer ) ) {
			return $answer;
		}
		$data = $answer->get_data();
		$post = isset( $data['id'] ) ? get_post( $data['id'] ) : null;
		if ( ! $post instanceof WP_Post ) {
			return new WP_Error( 'sitebridge_not_saved', __( 'WordPress did not save the post.', 'sitebridge-connector' ), array( 'status' => 500 ) );
		}
		// A custom controller may not run the action.
		$this->finish( $post, $this->request );

		return true;
	}

	/**
	 * The terms for the post.
	 *
	 * @return Sitebridge_Item_Terms
	 */
	private function terms() {
		if ( null === $this->terms ) {
			$this->terms = new Sitebridge_Item_Terms( $this->fields->taxonomies( $this->input['type'] ), $this->input['terms'] );
		}

		return $this->terms;
	}

	/**
	 * Adds refused terms and values to the notes.
	 *
	 * @param array[] $notes Each with `code` and `message`.
	 */
	private function add_notes( array $notes ) {
		$this->notes = array_merge( $this->notes, $notes );
	}
}
